//! The response object, written: whole answers are one, and streams begin and end with one.

use serde::Serialize;
use serde_json::value::RawValue;

use super::super::Stamp;
use super::echo::{Asked, Echo};
use super::item::Status;
use super::usage::Counts;
use crate::domain::chat::{Finish, Usage};

/// A response object (docs: protocols/openai-responses.md, "Response object").
#[derive(Debug, Serialize)]
pub(super) struct Response<'a> {
    id: String,
    object: &'static str,
    created_at: i64,
    status: &'static str,
    error: Option<Fault<'a>>,
    incomplete_details: Option<Details>,
    model: &'a str,
    output: Vec<&'a RawValue>,
    usage: Option<Counts>,
    #[serde(flatten)]
    echo: &'a Echo,
    #[serde(skip_serializing_if = "Option::is_none")]
    completed_at: Option<i64>,
}

/// Why a response has failed.
#[derive(Debug, Serialize)]
pub(super) struct Fault<'a> {
    pub(super) code: &'a str,
    pub(super) message: &'a str,
}

#[derive(Debug, Serialize)]
struct Details {
    reason: &'static str,
}

impl<'a> Response<'a> {
    /// A response that has just begun.
    pub(super) fn begun(asked: &'a Asked, stamp: &Stamp, model: &'a str) -> Response<'a> {
        Response {
            id: format!("resp_{}", stamp.id),
            object: "response",
            created_at: stamp.created,
            status: "in_progress",
            error: None,
            incomplete_details: None,
            model,
            output: Vec::new(),
            usage: None,
            echo: &asked.echo,
            completed_at: None,
        }
    }

    /// The same with its output, ended as `finish` says.
    pub(super) fn ended(self, finish: &Finish, output: Vec<&'a RawValue>, usage: Option<&Usage>) -> Response<'a> {
        let details = cut_by(finish).map(|reason| Details { reason });
        Response {
            status: if details.is_some() { "incomplete" } else { "completed" },
            // Both times are that of the answer's first byte: the protocols know no clock.
            completed_at: Some(self.created_at).filter(|_| details.is_none()),
            incomplete_details: details,
            output,
            usage: usage.map(Counts::from),
            ..self
        }
    }

    /// The same with what there is of its output, broken off.
    pub(super) fn failed(self, fault: Fault<'a>, output: Vec<&'a RawValue>) -> Response<'a> {
        Response { status: "failed", error: Some(fault), output, ..self }
    }
}

/// What has cut an answer off, by Responses' names; `None` where nothing has.
pub(super) fn cut_by(finish: &Finish) -> Option<&'static str> {
    match finish {
        Finish::Length => Some("max_output_tokens"),
        Finish::Filtered(_) => Some("content_filter"),
        Finish::Stop | Finish::StopSequence(_) | Finish::ToolCalls | Finish::Other(_) => None,
    }
}

/// How far the last item of an answer is that ended as `finish` says; those before it are whole.
pub(super) fn last_item(finish: &Finish) -> Status {
    if cut_by(finish).is_some() { Status::Incomplete } else { Status::Completed }
}

/// The words of refusal that a finish stands for, where it has any.
pub(super) fn refusal(finish: &Finish) -> Option<&str> {
    match finish {
        Finish::Filtered(Some(words)) if !words.is_empty() => Some(words),
        _ => None,
    }
}
