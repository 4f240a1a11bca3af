//! The configuration of image and video providers.

use super::Vars;
use crate::plan::weights::{ACCEPTED, IMAGE_PROVIDERS, Weights};

/// The first choice among image providers.
#[derive(Debug, Clone, PartialEq)]
pub struct Generation {
    /// Who is asked first where weights say nothing.
    pub primary: &'static str,
    /// The weights, for as long as the database has none.
    pub weights: Weights,
}

const WEIGHTS: &str = "GEN_PROVIDER_WEIGHTS";

pub(super) fn read(vars: &Vars) -> Generation {
    let accepted = format!("one of {}", IMAGE_PROVIDERS.join(", "));
    let known = |name: &str| IMAGE_PROVIDERS.into_iter().find(|known| *known == name);
    let primary = vars.parse("GEN_PROVIDER_PRIMARY", "fal", &accepted, known).unwrap_or("fal");
    let default = match primary {
        "fal" => r#"{"fal":1.0,"runware":0.0}"#.to_owned(),
        other => Weights::only(other).to_string(),
    };
    let text = vars.text(WEIGHTS, &default).unwrap_or_default();
    let weights = Weights::parse(&text).unwrap_or_else(|why| {
        vars.fault(WEIGHTS, &text, format!("{ACCEPTED} ({why})"));
        Weights::only(primary)
    });
    Generation { primary, weights }
}
