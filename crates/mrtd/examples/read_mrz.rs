//! Reads the MRZ given as argument: `cargo run -p rilascio-mrtd --example read_mrz -- 'I<UTO...'`.
#![allow(clippy::print_stdout)]

fn main() {
    let text = std::env::args().nth(1).unwrap_or_else(|| {
        "I<UTOD231458907<<<<<<<<<<<<<<<7408122F1204159UTO<<<<<<<<<<<6ERIKSSON<<ANNA<MARIA<<<<<<<<<<"
            .to_owned()
    });
    match rilascio_mrtd::mrz::Mrz::parse(&text) {
        Ok(mrz) => println!("{mrz}\n{} {}", mrz.name.secondary, mrz.name.primary),
        Err(fault) => println!("{}: {fault}", fault.code()),
    }
}
