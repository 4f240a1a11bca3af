//! What OpenAI takes of the tools on offer, in both of its protocols.

use super::super::Unwritable;
use super::schema::is_strict;
use crate::domain::chat::Function;

/// The longest name of a function.
pub(in crate::protocol) const LONGEST_NAME: usize = 64;

/// How strict tool number `at` can be: OpenAI is strict with a schema only where all is required and nothing else
/// allowed; others are where not all is.
pub(in crate::protocol) fn strictness(at: usize, function: &Function) -> Result<Option<bool>, Unwritable> {
    let Function { name, parameters, strict, .. } = function;
    if name.len() > LONGEST_NAME {
        let short: String = name.chars().take(LONGEST_NAME).collect();
        let message =
            format!("The tool's name `{short}…` is too long here: at most {LONGEST_NAME} characters are taken.");
        return Err(Unwritable::new(format!("tools[{at}].function.name"), message));
    }
    let strictly = parameters.as_ref().is_none_or(is_strict);
    Ok(strict.filter(|strict| !strict || strictly))
}

/// Tool number `at` is of a type that another provider knows alone.
pub(in crate::protocol) fn refused(at: usize, kind: &str) -> Unwritable {
    Unwritable::new(
        format!("tools[{at}]"),
        format!("Tools of type `{kind}` are known to one provider only: offer tools that you run yourself."),
    )
}
