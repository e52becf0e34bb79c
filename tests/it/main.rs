//! One integration program: the house, the laws of its metrics, and the product as its users meet it.

mod floors;
mod laws;
mod trial;
