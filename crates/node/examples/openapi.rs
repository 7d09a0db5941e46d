//! Prints the description of the HTTP interface.
#![allow(clippy::print_stdout, reason = "an example")]

fn main() {
    println!("{:#}", rilascio_node::openapi());
}
