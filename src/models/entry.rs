//! One line of the table of models, read into a [`Card`].

use serde_json::{Map, Value};

use super::{BadTable, Card, Efforts, Models, Thinking, ThinkingOff};
use crate::domain::chat::Effort;
use crate::domain::money::{Price, Usd};

const FIELDS: &str = "like, input, output, cache_read, cache_write, cache_write_1h, tier, context, max_output, vision, \
                      tools, sampling, sampling_without_effort, thinks_first, thinking, thinking_off, \
                      preserved_thinking, forced_tools, prefill, mid_system, efforts, max_completion_tokens, stop, \
                      responses_only, echoes_thoughts";

const PRICES: [&str; 5] = ["input", "output", "cache_read", "cache_write", "cache_write_1h"];

/// Reads an entry over what is known already. `at` names it in errors, `models` is what `like` refers to.
///
/// # Errors
/// [`BadTable`] names the field.
pub fn read(at: &str, entry: &Value, known: Card, models: &Models) -> Result<Card, BadTable> {
    let Value::Object(fields) = entry else { return Err(BadTable(format!("{at}: an object is wanted"))) };
    let mut card = match fields.get("like") {
        None => known,
        Some(Value::String(other)) => models.card(other).abilities(),
        Some(_) => return Err(wanted(at, "like", "the name of a model")),
    };
    for (name, value) in fields {
        if !PRICES.contains(&name.as_str()) {
            set(&mut card, at, name, value)?;
        }
    }
    if PRICES.iter().chain(&["tier"]).any(|name| fields.contains_key(*name)) {
        card.price = Some(price(at, fields)?);
        card.tier = fields.get("tier").map(|tier| read_tier(at, tier)).transpose()?;
    }
    Ok(card)
}

/// Sets everything but the prices.
fn set(card: &mut Card, at: &str, name: &str, value: &Value) -> Result<(), BadTable> {
    let flag = || value.as_bool().ok_or_else(|| wanted(at, name, "true or false"));
    let perhaps = || if value.is_null() { Ok(None) } else { flag().map(Some) };
    match name {
        "like" | "tier" => {}
        "context" => card.context = limit(at, name, value)?,
        "max_output" => card.max_output = limit(at, name, value)?,
        "vision" => card.vision = perhaps()?,
        "tools" => card.tools = perhaps()?,
        "sampling" => card.sampling = flag()?,
        "sampling_without_effort" => card.sampling_without_effort = flag()?,
        "thinks_first" => card.thinks_first = flag()?,
        "thinking" => {
            card.thinking = match value.as_str() {
                Some("budget") => Thinking::Budget,
                Some("adaptive") => Thinking::Adaptive,
                _ => return Err(wanted(at, name, "budget or adaptive")),
            }
        }
        "thinking_off" => {
            card.thinking_off = match value.as_str() {
                Some("omit") => ThinkingOff::Omit,
                Some("disabled") => ThinkingOff::Disabled,
                Some("between_tools") => ThinkingOff::BetweenTools,
                Some("never") => ThinkingOff::Never,
                _ => return Err(wanted(at, name, "omit, disabled, between_tools or never")),
            }
        }
        "preserved_thinking" => card.preserved_thinking = flag()?,
        "forced_tools" => card.forced_tools = flag()?,
        "prefill" => card.prefill = perhaps()?,
        "mid_system" => card.mid_system = flag()?,
        "efforts" => card.efforts = efforts(at, value)?,
        "stop" => card.stop = flag()?,
        "responses_only" => card.responses_only = flag()?,
        "echoes_thoughts" => card.echoes_thoughts = flag()?,
        "max_completion_tokens" => card.max_completion_tokens = flag()?,
        _ => return Err(BadTable(format!("{at}.{name}: no such field; there are {FIELDS}"))),
    }
    Ok(())
}

/// A count of tokens, or `null` where nobody knows.
fn limit(at: &str, name: &str, value: &Value) -> Result<Option<u64>, BadTable> {
    match value.as_u64() {
        _ if value.is_null() => Ok(None),
        Some(tokens) if tokens > 0 => Ok(Some(tokens)),
        _ => Err(wanted(at, name, "a whole number of tokens above 0, or null")),
    }
}

fn efforts(at: &str, value: &Value) -> Result<Efforts, BadTable> {
    let bad = || wanted(at, "efforts", "a list of none, minimal, low, medium, high, xhigh, max");
    let effort = |value: &Value| {
        Ok(match value.as_str() {
            Some("none") => Effort::None,
            Some("minimal") => Effort::Minimal,
            Some("low") => Effort::Low,
            Some("medium") => Effort::Medium,
            Some("high") => Effort::High,
            Some("xhigh") => Effort::Xhigh,
            Some("max") => Effort::Max,
            _ => return Err(bad()),
        })
    };
    let list = value.as_array().ok_or_else(bad)?;
    let list = list.iter().map(effort).collect::<Result<Vec<_>, _>>()?;
    Ok(Efforts::of(&list))
}

/// Prices; where the cache has none of its own, its tokens cost what others cost.
fn price(at: &str, fields: &Map<String, Value>) -> Result<Price, BadTable> {
    let input = usd(at, fields, "input", None)?;
    let cache_write = usd(at, fields, "cache_write", Some(input))?;
    Ok(Price {
        input,
        output: usd(at, fields, "output", None)?,
        cache_read: usd(at, fields, "cache_read", Some(input))?,
        cache_write,
        cache_write_1h: usd(at, fields, "cache_write_1h", Some(cache_write))?,
    })
}

fn read_tier(at: &str, tier: &Value) -> Result<(u64, Price), BadTable> {
    let at = format!("{at}.tier");
    let Value::Object(fields) = tier else { return Err(BadTable(format!("{at}: an object is wanted"))) };
    if let Some(name) = fields.keys().find(|name| *name != "above" && !PRICES.contains(&name.as_str())) {
        return Err(BadTable(format!("{at}.{name}: no such field; there are above, {}", PRICES.join(", "))));
    }
    let above = fields.get("above").and_then(Value::as_u64);
    let above = above.ok_or_else(|| wanted(&at, "above", "a whole number of prompt tokens"))?;
    Ok((above, price(&at, fields)?))
}

/// A price in USD per million tokens as a price a token.
fn usd(at: &str, fields: &Map<String, Value>, name: &str, otherwise: Option<Usd>) -> Result<Usd, BadTable> {
    let Some(value) = fields.get(name) else {
        return otherwise.ok_or_else(|| wanted(at, name, "a price in USD per million tokens"));
    };
    let dollars = value.as_f64().filter(|dollars| *dollars >= 0.0);
    let price = dollars.and_then(|dollars| Usd::from_dollars(dollars / 1e6));
    price.ok_or_else(|| wanted(at, name, "a price in USD per million tokens, 0 or more"))
}

fn wanted(at: &str, name: &str, what: &str) -> BadTable {
    BadTable(format!("{at}.{name}: {what} is wanted"))
}
