//! An answer that is written is read again as it was, up to what the protocol has no words for; and one that comes as
//! a stream is the one that comes whole.

use ai_mcp_gateway::domain::Dialect;
use ai_mcp_gateway::domain::chat::{Answer, Event};
use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use super::chance::{fault, hold, same};
use super::codecs::{back, call, cut, front, read, stamp, written};
use super::kept;
use super::said::{answer, gathered, stream, streamed};

/// What a protocol keeps of an answer.
type Kept = fn(&Answer) -> Answer;

/// Reads a whole answer as it was written.
fn whole(dialect: Dialect, answer: &Answer) -> Result<(Answer, Bytes), TestCaseError> {
    let wire = front(dialect).write_answer(answer, &call(dialect), &stamp());
    let again = back(dialect).read_answer(&wire, &stamp()).map_err(|failure| fault(failure.message, &wire))?;
    Ok((again, wire))
}

/// Reads a stream as it was written, in one chunk.
fn in_events(dialect: Dialect, events: &[Event]) -> Result<(Answer, Bytes), TestCaseError> {
    let wire = written(dialect, events);
    let raws = cut(back(dialect).framing(), [&wire[..]]).map_err(|error| fault(error, &wire))?;
    let again = read(dialect, &raws).map_err(|broken| fault(broken, &wire))?;
    Ok((gathered(&again).map_err(|error| fault(error, &wire))?, wire))
}

/// An answer as its caller would give it back.
fn opened(dialect: Dialect, answer: &Answer) -> Answer {
    if dialect == Dialect::Responses { kept::responses::opened(answer) } else { answer.clone() }
}

/// A streamed answer in an order that can be told: Responses give a thought that is only sealed when its item ends,
/// behind what goes on beside it.
fn in_order(dialect: Dialect, answer: &Answer) -> Answer {
    if dialect == Dialect::Responses { kept::responses::thoughts_apart(answer) } else { answer.clone() }
}

fn whole_trip(dialect: Dialect, kept: Kept) {
    hold(150, answer, move |answer| {
        let (again, wire) = whole(dialect, &answer)?;
        same(&opened(dialect, &again), &kept(&answer), &wire)
    });
}

/// Anthropic tells one thing after the other, so that thoughts come in one piece.
fn stream_trip(dialect: Dialect, kept: Kept) {
    hold(
        150,
        move || stream(dialect != Dialect::Anthropic),
        move |events| {
            let (again, wire) = in_events(dialect, &events)?;
            let said = gathered(&events).map_err(|error| fault(error, &[]))?;
            same(&in_order(dialect, &opened(dialect, &again)), &in_order(dialect, &kept(&said)), &wire)
        },
    );
}

/// However a stream is cut, it holds the same events.
fn any_chunks(dialect: Dialect) {
    let strategy = || (stream(true), vec(any::<Index>(), 0..8)).boxed();
    hold(50, strategy, move |(events, places)| {
        let wire = written(dialect, &events);
        let mut places: Vec<usize> = places.iter().map(|place| place.index(wire.len() + 1)).collect();
        places.extend([0, wire.len()]);
        places.sort_unstable();
        let chunks = places.windows(2).map(|pair| &wire[pair[0]..pair[1]]);
        let framing = back(dialect).framing();
        prop_assert_eq!(cut(framing, chunks), cut(framing, [&wire[..]]));
        Ok(())
    });
}

/// What a protocol keeps of an answer, streamed: the same parts, the same finish, the same tokens.
fn streamed_as_whole(dialect: Dialect) {
    let strategy = || (answer(), any::<Index>()).boxed();
    hold(100, strategy, move |(answer, place)| {
        let (answer, _) = whole(dialect, &answer)?;
        let events = streamed(&answer, place);
        let (again, wire) = in_events(dialect, &events)?;
        let answer = gathered(&events).map_err(|error| fault(error, &[]))?;
        same(&in_order(dialect, &again), &in_order(dialect, &answer), &wire)
    });
}

#[test]
fn openai_reads_the_answers_that_it_writes() {
    whole_trip(Dialect::OpenAi, kept::openai::whole);
}

#[test]
fn openai_reads_the_streams_that_it_writes() {
    stream_trip(Dialect::OpenAi, kept::openai::stream);
}

#[test]
fn openai_streams_are_cut_anywhere() {
    any_chunks(Dialect::OpenAi);
}

#[test]
fn openai_streams_what_it_would_say_whole() {
    streamed_as_whole(Dialect::OpenAi);
}

#[test]
fn anthropic_reads_the_answers_that_it_writes() {
    whole_trip(Dialect::Anthropic, kept::anthropic::whole);
}

#[test]
fn anthropic_reads_the_streams_that_it_writes() {
    stream_trip(Dialect::Anthropic, kept::anthropic::stream);
}

#[test]
fn anthropic_streams_are_cut_anywhere() {
    any_chunks(Dialect::Anthropic);
}

#[test]
fn anthropic_streams_what_it_would_say_whole() {
    streamed_as_whole(Dialect::Anthropic);
}

#[test]
fn responses_read_the_answers_that_they_write() {
    whole_trip(Dialect::Responses, kept::responses::answer);
}

#[test]
fn responses_read_the_streams_that_they_write() {
    stream_trip(Dialect::Responses, kept::responses::answer);
}

#[test]
fn responses_streams_are_cut_anywhere() {
    any_chunks(Dialect::Responses);
}

#[test]
fn responses_stream_what_they_would_say_whole() {
    streamed_as_whole(Dialect::Responses);
}
