//! A streamed answer in `/v1/route`'s own events: `delta`, then `done` or `error`.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::Frame;
use serde_json::{Value, json};

use super::{Api, Place, Told};
use crate::domain::chat::{Event, Usage};
use crate::domain::money::Usd;
use crate::gateway::Stream;
use crate::gateway::route::routing;
use crate::protocol::openai::OpenAi;
use crate::protocol::sse::{Splitter, parse};
use crate::protocol::{Back, ReadStream, Stamp};

/// The stream, read as the OpenAI protocol and written anew.
pub(super) struct RouteStream {
    live: Stream,
    told: Told,
    api: Arc<Api>,
    splitter: Splitter,
    reader: Box<dyn ReadStream>,
    ready: VecDeque<Bytes>,
    text: String,
    model: String,
    usage: Option<Usage>,
    over: bool,
    _place: Place,
}

impl RouteStream {
    pub(super) fn new(live: Stream, told: Told, api: Arc<Api>, place: Place) -> RouteStream {
        let stamp = Stamp { id: String::new(), created: 0 };
        RouteStream {
            live,
            told,
            api,
            splitter: Splitter::default(),
            reader: OpenAi.reader(&stamp),
            ready: VecDeque::new(),
            text: String::new(),
            model: String::new(),
            usage: None,
            over: false,
            _place: place,
        }
    }

    fn say(&mut self, name: &str, data: &Value) {
        self.ready.push_back(Bytes::from(format!("event: {name}\ndata: {data}\n\n")));
    }

    fn take(&mut self, chunk: Bytes) {
        let mut events = Vec::new();
        self.splitter.push(chunk);
        while let Ok(Some(raw)) = self.splitter.cut() {
            let event = parse(&raw);
            if let Some(data) = event.data {
                // The gateway's own stream: what it lets through is well formed.
                self.reader.read(event.name, &data, &mut events).ok();
            }
        }
        for event in events {
            self.tell(event);
        }
    }

    fn tell(&mut self, event: Event) {
        match event {
            Event::Start { model } => self.model = model.to_string(),
            Event::Text(text) | Event::Refusal(text) => {
                self.say("delta", &json!({"text": text}));
                self.text.push_str(&text);
            }
            Event::Usage(usage) => self.usage = Some(usage),
            Event::End => self.done(),
            Event::Error(failure) => {
                self.over = true;
                let code = failure.said.as_ref().and_then(|said| said.code.clone());
                let error = json!({"error": {"message": failure.message, "type": "server_error", "code": code}});
                self.say("error", &error);
            }
            Event::Thought { .. } | Event::CallStart { .. } | Event::CallDelta { .. } | Event::Finish(_) => {}
        }
    }

    fn done(&mut self) {
        if std::mem::replace(&mut self.over, true) {
            return;
        }
        if let Some(resumed) = self.live.resumed() {
            self.told.provider = resumed.provider;
            self.told.routing = routing(&self.told.task, resumed.attempts, self.told.cached);
            self.model = resumed.model.unwrap_or_default();
        }
        let gateway = &self.api.gateway;
        let cost = match self.told.cached {
            true => Some(Usd::default()),
            false => self.usage.and_then(|usage| gateway.cost(self.told.provider, &self.model, &usage)),
        };
        let whole = self.told.whole(&self.text, &self.model, self.usage, cost, gateway.clock().now());
        self.say("done", &whole);
    }
}

impl http_body::Body for RouteStream {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let stream = self.get_mut();
        loop {
            if let Some(bytes) = stream.ready.pop_front() {
                return Poll::Ready(Some(Ok(Frame::data(bytes))));
            }
            match ready!(Pin::new(&mut *stream.live).poll_frame(cx)) {
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        stream.take(data);
                    }
                }
                Some(Err(never)) => match never {},
                None if stream.over => return Poll::Ready(None),
                None => stream.done(),
            }
        }
    }
}
