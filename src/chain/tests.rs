//! Chains of scripted links.
