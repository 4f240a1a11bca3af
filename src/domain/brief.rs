//! Messages of a length that people read.

/// The most that is kept of a message's beginning and of its end, in bytes.
const KEPT: usize = 2048;

/// The message, or its beginning and its end where it is very long: a JSON reader's words, say, may repeat a value of
/// any length, and a message is told, logged and kept with each attempt.
pub fn brief(message: impl Into<String>) -> String {
    let message = message.into();
    if message.len() <= 2 * KEPT {
        return message;
    }
    let head = (0..=KEPT).rev().find(|at| message.is_char_boundary(*at)).unwrap_or(0);
    let tail = (message.len() - KEPT..message.len()).find(|at| message.is_char_boundary(*at)).unwrap_or(message.len());
    format!("{}…{}", &message[..head], &message[tail..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_message_keeps_both_its_ends() {
        assert_eq!(brief("It is wrong."), "It is wrong.");
        let long = brief(format!("It is é{} wrong.", "é".repeat(1 << 20)));
        assert!(long.starts_with("It is éé") && long.ends_with("éé wrong."), "{long}");
        assert!(long.len() < 2 * KEPT + 4, "{}", long.len());
    }
}
