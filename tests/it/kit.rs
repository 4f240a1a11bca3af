//! The kit that end-to-end tests are written with: `use crate::kit::*`.

mod answer;
mod caller;
mod check;
mod clock;
mod gateway;
mod process;
mod tests;
mod tools;
pub mod upstream;
mod wait;

pub use answer::*;
pub use caller::*;
pub use check::*;
pub use gateway::*;
pub use process::*;
pub use upstream::*;
pub use wait::*;
