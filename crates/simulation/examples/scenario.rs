//! Reads a scenario in which nothing goes wrong.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "an example")]

fn main() {
    let calm = "kills = 0\nlost_messages = 0\nlost_parcels = 0\nmischief = 0\n";
    println!("{:?}", rilascio_simulation::Scenario::parse(calm).unwrap());
}
