//! The process that ends children which a killed gateway has left.
