//! From a scripted answer to the bytes and pauses that go over the wire; pure.

use super::body::Drawn;
use super::kind::{Endpoint, Kind};
use super::reply::{Body, Framing, Reply, Trouble};
use super::request::Call;
use super::say::Say;

/// One thing to do on the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Send(Vec<u8>),
    /// Send this again and again until the client goes away.
    Endless(Vec<u8>),
    Wait,
    Stall,
    Cut,
    Reset,
}

/// What an answer is made for.
pub(super) struct Asked<'a> {
    pub kind: Kind,
    pub endpoint: Endpoint,
    pub call: &'a Call,
    /// The call's number at this upstream, from 1.
    pub number: usize,
    pub models: &'a [String],
}

impl Asked<'_> {
    /// The steps of this answer.
    pub(super) fn steps(&self, reply: &Reply) -> Vec<Step> {
        let mut steps = if reply.held { vec![Step::Wait] } else { Vec::new() };
        match &reply.body {
            Body::Wire(bytes) => steps.extend([Step::Send(bytes.clone()), Step::Cut]),
            Body::Nothing(end) => steps.extend(control(end)),
            _ => steps.extend(self.message(reply)),
        }
        steps
    }

    /// Head and body.
    fn message(&self, reply: &Reply) -> Vec<Step> {
        let mut drawn = self.draw(reply);
        if reply.crlf && drawn.streamed {
            for step in &mut drawn.steps {
                if let Step::Send(bytes) = step {
                    *bytes = crlf(bytes);
                }
            }
            drawn.length = bytes_of(&drawn.steps).len();
        }
        if reply.truncated {
            let whole = bytes_of(&drawn.steps);
            drawn.steps = vec![Step::Send(whole[..whole.len() / 2].to_vec())];
            drawn.length = whole.len() / 2;
        }
        let length = match reply.framing {
            Framing::Length => Some(drawn.length),
            Framing::Declared(length) => Some(length),
            Framing::Natural if !drawn.streamed => Some(drawn.length),
            _ => None,
        };
        let chunked = drawn.streamed && reply.framing == Framing::Natural;
        let mut steps = vec![Step::Send(self.head(reply, &drawn, length, chunked))];
        let unit = reply.trickle.unwrap_or(usize::MAX);
        let head = steps.len();
        for step in drawn.steps {
            match step {
                Step::Send(bytes) => {
                    for part in bytes.chunks(unit) {
                        if reply.paced && steps.len() > head {
                            steps.push(Step::Wait);
                        }
                        steps.push(Step::Send(framed(part, chunked)));
                    }
                }
                Step::Endless(bytes) => steps.push(Step::Endless(framed(&bytes, chunked))),
                other => steps.push(other),
            }
        }
        if chunked {
            steps.push(Step::Send(b"0\r\n\r\n".to_vec()));
        }
        if matches!(reply.framing, Framing::Declared(_) | Framing::Close) {
            steps.push(Step::Cut);
        }
        steps
    }

    fn head(&self, reply: &Reply, drawn: &Drawn, length: Option<usize>, chunked: bool) -> Vec<u8> {
        let status = reply.status.unwrap_or(drawn.status);
        let mut headers = vec![("content-type".to_owned(), drawn.content_type.clone())];
        headers.extend(self.kind.headers(self.number));
        if let Body::Trouble(Trouble::RateLimited(Some(seconds))) = reply.body {
            headers.push(("retry-after".into(), seconds.to_string()));
        }
        headers.extend(length.map(|length| ("content-length".to_owned(), length.to_string())));
        if chunked {
            headers.push(("transfer-encoding".into(), "chunked".into()));
        }
        for (name, value) in &reply.headers {
            headers.retain(|(other, _)| other != name);
            headers.push((name.clone(), value.clone()));
        }
        let reason = http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
        let mut head = format!("HTTP/1.1 {status} {}\r\n", reason.unwrap_or("Simulated"));
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        head.into_bytes()
    }
}

pub(super) fn control(piece: &Say) -> Option<Step> {
    match piece {
        Say::Wait => Some(Step::Wait),
        Say::Stall => Some(Step::Stall),
        Say::Cut => Some(Step::Cut),
        Say::Reset => Some(Step::Reset),
        _ => None,
    }
}

pub(super) fn bytes_of(steps: &[Step]) -> Vec<u8> {
    let sent = steps.iter().filter_map(|step| if let Step::Send(bytes) = step { Some(bytes.as_slice()) } else { None });
    sent.collect::<Vec<_>>().concat()
}

fn framed(part: &[u8], chunked: bool) -> Vec<u8> {
    if !chunked {
        return part.to_vec();
    }
    [format!("{:x}\r\n", part.len()).as_bytes(), part, b"\r\n"].concat()
}

fn crlf(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().flat_map(|byte| if *byte == b'\n' { b"\r\n".to_vec() } else { vec![*byte] }).collect()
}
