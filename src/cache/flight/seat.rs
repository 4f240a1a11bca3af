//! One reader of an answer under way.

use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;

use super::{Begun, Flight};
use crate::cache::{Finale, Resumption};

/// A reader's place at an answer under way.
pub struct Seat<E> {
    flight: Arc<Flight<E>>,
    number: usize,
    resumed: Option<Arc<Resumption>>,
}

impl<E> Seat<E> {
    pub(super) fn new(flight: Arc<Flight<E>>, number: usize) -> Seat<E> {
        Seat { flight, number, resumed: None }
    }
}

impl<E: Clone> Seat<E> {
    /// Waits for the answer's beginning.
    pub fn poll_begun(&mut self, cx: &mut Context<'_>) -> Poll<Begun<E>> {
        let mut state = self.flight.state();
        let begun = match &state.begun {
            None => {
                state.wait(self.number, cx);
                return Poll::Pending;
            }
            Some(Begun::Head(head)) => Begun::Head(head.clone()),
            Some(Begun::Kept(entry)) => Begun::Kept(entry.clone()),
            Some(Begun::Failed(error)) => Begun::Failed(error.clone()),
            Some(Begun::Abandoned) => Begun::Abandoned,
        };
        Poll::Ready(begun)
    }

    /// What comes next of a stream; `None` at its end.
    pub fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let Seat { flight, number, resumed } = self;
        let mut state = flight.state();
        if state.resumed.is_some() {
            resumed.clone_from(&state.resumed);
        }
        let first = state.first;
        let Some(place) = state.seats.get_mut(*number).and_then(Option::as_mut) else { return Poll::Ready(None) };
        let at = place.at;
        let Some(chunk) = state.chunks.get(at - first).cloned() else {
            if state.closed {
                return Poll::Ready(None);
            }
            state.wait(*number, cx);
            return Poll::Pending;
        };
        if let Some(place) = &mut state.seats[*number] {
            place.at += 1;
        }
        if state.outgrown && at == first {
            flight.trim(&mut state);
        }
        Poll::Ready(Some(chunk))
    }

    /// How it ended, once it has; `None` where nobody wrote it to its end.
    pub fn finale(&self) -> Option<Finale> {
        self.flight.state().finale.clone()
    }

    /// Who went on with it, where it broke and somebody did.
    pub fn resumed(&self) -> Option<&Resumption> {
        self.resumed.as_deref()
    }
}

impl<E> Drop for Seat<E> {
    fn drop(&mut self) {
        let mut state = self.flight.state();
        if let Some(place) = state.seats.get_mut(self.number) {
            *place = None;
        }
        if state.seats.iter().all(Option::is_none) && !state.closed {
            state.deserted = true;
            state.wake_writer();
        } else if state.outgrown {
            self.flight.trim(&mut state);
        }
    }
}
