//! Weights of image providers: which share of requests each gets first.

use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Number;

/// The providers that weights may name.
pub const IMAGE_PROVIDERS: [&str; 7] = ["fal", "runware", "imagen", "replicate", "openai", "stability", "mock"];

/// What is accepted, in words for operators.
pub const ACCEPTED: &str = "a JSON object of providers and their weights, for example {\"fal\":0.9,\"runware\":0.1}: names \
    of fal, runware, imagen, replicate, openai, stability, mock; numbers of at least 0, one of them above 0";

/// The longest text that is read.
const LONGEST: usize = 4096;
/// A sum this near to 1 is 1: figures such as 0.7, 0.2 and 0.1 do not add up to it in binary.
const NEAR: f64 = 1e-9;

/// Shares that add up to 1, in the order in which they were given. In JSON an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights(Vec<(&'static str, f64)>);

/// Why a text has no weights.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadWeights {
    /// It is empty, or too long to be read.
    #[error("it has {0} bytes, and may have from 1 to {LONGEST}")]
    Length(usize),
    /// It is no JSON object of numbers.
    #[error("it is not a JSON object of names and numbers: {0}")]
    Form(String),
    /// A provider that there is not.
    #[error("`{0}` is no provider of images")]
    Unknown(String),
    /// A provider stands twice.
    #[error("`{0}` stands there twice")]
    Twice(&'static str),
    /// A weight below 0.
    #[error("the weight of `{0}` is below 0")]
    Negative(&'static str),
    /// A sum that is too large for a number.
    #[error("the weights are too large")]
    TooLarge,
    /// Nobody would get any request.
    #[error("no weight is above 0")]
    AllZero,
}

impl Weights {
    /// Reads weights and normalises them.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn parse(text: &str) -> Result<Weights, BadWeights> {
        if text.trim().is_empty() || text.len() > LONGEST {
            return Err(BadWeights::Length(text.len()));
        }
        let given: Given = serde_json::from_str(text).map_err(|error| BadWeights::Form(error.to_string()))?;
        let mut shares: Vec<(&'static str, f64)> = Vec::with_capacity(given.0.len());
        for (name, weight) in given.0 {
            let known = IMAGE_PROVIDERS.into_iter().find(|known| *known == name);
            let name = known.ok_or_else(|| BadWeights::Unknown(shortened(&name)))?;
            if shares.iter().any(|(other, _)| *other == name) {
                return Err(BadWeights::Twice(name));
            }
            let weight = weight.as_f64().filter(|weight| weight.is_finite()).ok_or(BadWeights::TooLarge)?;
            if weight < 0.0 {
                return Err(BadWeights::Negative(name));
            }
            // What was written as -0 is 0.
            shares.push((name, weight.abs()));
        }
        Weights::normalised(shares)
    }

    /// All of it for one provider, which is known.
    pub fn only(name: &'static str) -> Weights {
        Weights(vec![(name, 1.0)])
    }

    /// All of it for one provider; of the others, those that these weights name get none.
    ///
    /// # Errors
    /// Where there is no such provider.
    pub fn switched_to(&self, name: &str) -> Result<Weights, BadWeights> {
        let known = IMAGE_PROVIDERS.into_iter().find(|known| *known == name);
        let name = known.ok_or_else(|| BadWeights::Unknown(shortened(name)))?;
        let mut shares: Vec<_> =
            self.0.iter().map(|(other, _)| (*other, f64::from(u8::from(*other == name)))).collect();
        if self.of(name).is_none() {
            shares.insert(0, (name, 1.0));
        }
        Ok(Weights(shares))
    }

    /// Each provider's share.
    pub fn shares(&self) -> &[(&'static str, f64)] {
        &self.0
    }

    /// One provider's share, where it is named.
    pub fn of(&self, name: &str) -> Option<f64> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, share)| *share)
    }

    /// For people: `90% fal, 10% runware`.
    pub fn percent(&self) -> String {
        let one = |(name, share): &(&str, f64)| format!("{}% {name}", (share * 1000.0).round() / 10.0);
        self.0.iter().map(one).collect::<Vec<_>>().join(", ")
    }

    fn normalised(mut shares: Vec<(&'static str, f64)>) -> Result<Weights, BadWeights> {
        let sum: f64 = shares.iter().map(|(_, weight)| weight).sum();
        if !sum.is_finite() {
            return Err(BadWeights::TooLarge);
        }
        if sum <= 0.0 {
            return Err(BadWeights::AllZero);
        }
        if (sum - 1.0).abs() > NEAR {
            shares.iter_mut().for_each(|(_, weight)| *weight /= sum);
        }
        Ok(Weights(shares))
    }
}

/// As JSON: `{"fal":0.9,"runware":0.1}`.
impl fmt::Display for Weights {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&serde_json::to_string(self).unwrap_or_default())
    }
}

impl Serialize for Weights {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(self.0.len()))?;
        for (name, share) in &self.0 {
            map.serialize_entry(name, share)?;
        }
        map.end()
    }
}

/// Names and numbers as they stand, a name that stands twice among them.
struct Given(Vec<(String, Number)>);

impl<'a> serde::Deserialize<'a> for Given {
    fn deserialize<D: Deserializer<'a>>(from: D) -> Result<Given, D::Error> {
        struct Object;
        impl<'a> Visitor<'a> for Object {
            type Value = Given;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an object of names and numbers")
            }

            fn visit_map<M: MapAccess<'a>>(self, mut map: M) -> Result<Given, M::Error> {
                let mut given = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    given.push(pair);
                }
                Ok(Given(given))
            }
        }
        from.deserialize_map(Object)
    }
}

/// A name that somebody wrote, fit for a line of a log.
fn shortened(name: &str) -> String {
    name.chars().take(40).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good(text: &str, normalised: &str) {
        assert_eq!(Weights::parse(text).unwrap().to_string(), normalised, "{text}");
    }

    fn bad(text: &str, says: &str) {
        let error = Weights::parse(text).unwrap_err().to_string();
        assert!(error.contains(says), "{text}: {error}");
    }

    #[test]
    fn weights_are_read_and_add_up_to_one() {
        good(r#"{"fal":1.0,"runware":0.0}"#, r#"{"fal":1.0,"runware":0.0}"#);
        good(r#"{"fal":0.9,"runware":0.1}"#, r#"{"fal":0.9,"runware":0.1}"#);
        good(r#"{"fal":0.7,"runware":0.2,"imagen":0.1}"#, r#"{"fal":0.7,"runware":0.2,"imagen":0.1}"#);
        good(r#" {"runware": 1, "fal": 3} "#, r#"{"runware":0.25,"fal":0.75}"#);
        good(r#"{"fal":90,"runware":10}"#, r#"{"fal":0.9,"runware":0.1}"#);
        good(r#"{"fal":1e-320}"#, r#"{"fal":1.0}"#);
        good(r#"{"fal":1e308,"runware":0}"#, r#"{"fal":1.0,"runware":0.0}"#);
        good(r#"{"fal":-0.0,"mock":1}"#, r#"{"fal":0.0,"mock":1.0}"#);
        good(r#"{"\u0066al":1}"#, r#"{"fal":1.0}"#);
    }

    #[test]
    fn anything_else_is_refused_with_the_reason() {
        bad("", "0 bytes");
        bad("  \n", "3 bytes");
        bad(&format!("{{\"fal\":1{}}}", " ".repeat(5000)), "bytes");
        bad("{}", "no weight is above 0");
        bad(r#"{"fal":0,"runware":0.0}"#, "no weight is above 0");
        bad(r#"{"fal":1.1,"runware":-0.1}"#, "`runware` is below 0");
        bad(r#"{"fal":1,"gemini":1}"#, "`gemini` is no provider");
        bad(r#"{"Fal":1}"#, "`Fal` is no provider");
        bad(r#"{"":1}"#, "`` is no provider");
        bad(r#"{"fal":0.5,"fal":0.5}"#, "`fal` stands there twice");
        bad(r#"{"fal":1e308,"runware":1e308}"#, "too large");
        bad(r#"{"fal":1e999}"#, "not a JSON object");
        bad(r#"{"a\n\u0000'; DROP TABLE feature_flags; --😀":1}"#, r"`a\n\0\'; DROP TABLE feature_flags; --😀`");
        for text in
            ["fal", "1", "null", "[]", r#"["fal"]"#, r#"{"fal":"1"}"#, r#"{"fal":null}"#, r#"{"fal":true}"#, "{"]
        {
            bad(text, "not a JSON object");
        }
        for text in
            [r#"{"fal":NaN}"#, r#"{"fal":Infinity}"#, r#"{"fal":1}x"#, r#"{"fal":[1]}"#, "{fal:1}", "\u{feff}{}"]
        {
            bad(text, "not a JSON object");
        }
    }

    #[test]
    fn a_switch_keeps_the_names_that_were_there() {
        let weights = Weights::parse(r#"{"fal":0.5,"runware":0.5}"#).unwrap();
        assert_eq!(weights.switched_to("runware").unwrap().to_string(), r#"{"fal":0.0,"runware":1.0}"#);
        assert_eq!(weights.switched_to("imagen").unwrap().to_string(), r#"{"imagen":1.0,"fal":0.0,"runware":0.0}"#);
        assert_eq!(weights.switched_to("dall-e"), Err(BadWeights::Unknown("dall-e".to_owned())));
        assert_eq!(Weights::parse(r#"{"fal":2,"runware":1}"#).unwrap().percent(), "66.7% fal, 33.3% runware");
        assert_eq!(weights.percent(), "50% fal, 50% runware");
    }

    #[test]
    fn what_is_accepted_names_every_provider() {
        assert!(IMAGE_PROVIDERS.iter().all(|name| ACCEPTED.contains(name)));
    }
}
