//! `/api/events`: what an application has to tell beside its requests, for `analytics_logs`.

use std::time::Duration;

use super::{Gateway, called};
use crate::domain::facts::Caller;
use crate::domain::row::{EventRow, Row, RowId, storable_json};
use crate::protocol::BadRequest;
use crate::protocol::fields::{self, Fields, Path};
use crate::protocol::scan::object;
use crate::telemetry::{self, Finished};

/// The longest name of an event, in bytes.
const LONGEST_TYPE: usize = 64;
/// The most data of an event, in bytes of JSON.
const MOST_DATA: usize = 64 << 10;
/// Events that tell of requests, which operators' figures are made of: the gateway alone writes them.
const OWN: [&str; 5] = ["gen_start", "gen_route", "gen_ok", "gen_fail", called::EVENT];

/// An event that was read, fit to be kept.
pub struct Event(EventRow);

impl Gateway {
    /// Are events kept at all?
    pub fn keeps_events(&self) -> bool {
        self.shared.recorder.is_on()
    }

    /// Reads an event.
    ///
    /// # Errors
    /// [`BadRequest`] names the field at fault.
    pub fn read_event(&self, body: &[u8]) -> Result<Event, BadRequest> {
        object(body)?;
        let mut fields = Fields::of(fields::parse(body)?, &Path::Body, "a JSON object")?;
        let event_type = fields.name("event_type", "the kind of event, such as `voucher_issued`")?;
        check_type(&event_type, fields.at("event_type"))?;
        let data = fields.at("event_data");
        let given = fields.take("event_data").ok_or_else(|| data.missing("an object of what there is to tell"))?;
        if !given.is_object() {
            return Err(data.wrong("an object", &given));
        }
        if let Some((name, _)) = fields.rest().iter().next() {
            let name: String = name.chars().take(LONGEST_TYPE).collect();
            let message = format!("`{name}` is not known here: what an event tells stands in `event_data`.");
            return Err(BadRequest::field(name, message));
        }
        let event_data = storable_json(given);
        let length = event_data.get().len();
        if length > MOST_DATA {
            return Err(data.fault(format!("`event_data` has {length} bytes of JSON; at most {MOST_DATA} are kept.")));
        }
        let now = self.shared.clock.wall();
        Ok(Event(EventRow { id: RowId::new(now), event_type: event_type.into(), event_data, created_at: now }))
    }

    /// Keeps an event.
    pub fn keep_event(&self, event: Event, caller: &Caller) {
        self.shared.recorder.put(Row::Event(event.0));
        let duration: Duration = self.shared.clock.now().saturating_duration_since(caller.began);
        telemetry::request_finished(&Finished { outcome: "ok", status: 202, duration, ..Finished::of(caller) });
    }
}

fn check_type(name: &str, at: Path<'_>) -> Result<(), BadRequest> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_.-".contains(&byte);
    if name.len() > LONGEST_TYPE || !name.bytes().all(plain) {
        return Err(at.unknown("1 to 64 of the letters a-z, 0-9, `_`, `.` and `-`", name));
    }
    if OWN.contains(&name) {
        let message =
            format!("`{name}` is written by the gateway itself, for each request of its kind: choose another name.");
        return Err(at.fault(message));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_events() {
        let at = || Path::Body.key("event_type");
        for good in ["voucher_issued", "a", "0.1-b_c", &"x".repeat(64)] {
            assert_eq!(check_type(good, at()), Ok(()), "{good}");
        }
        for bad in ["Voucher", "a b", "é", "'; DROP TABLE analytics_logs; --", "a\0", &"x".repeat(65)] {
            let error = check_type(bad, at()).unwrap_err();
            assert_eq!(error.param.as_deref(), Some("event_type"));
            assert!(error.message.contains("1 to 64"), "{}", error.message);
        }
        for own in OWN {
            assert!(check_type(own, at()).unwrap_err().message.contains("gateway itself"));
        }
    }
}
