//! Runs, symbols, Huffman codes and bits.

/// Coefficients as symbols with extra bits: each is symbol, value, number of bits.
pub(crate) fn symbols(coefficients: &[i16]) -> Vec<(u8, u16, u8)> {
    let mut out = Vec::new();
    let mut run = 0u32;
    for &coefficient in coefficients {
        if coefficient == 0 {
            run += 1;
            if run == u32::from(u16::MAX) {
                push_run(&mut out, run);
                run = 0;
            }
            continue;
        }
        push_run(&mut out, run);
        run = 0;
        let size = coefficient.unsigned_abs();
        out.push(match coefficient {
            -73..=74 => ((coefficient + 180) as u8, 0, 0),
            75.. if size <= 255 => (101, size, 8),
            75.. => (103, size, 16),
            _ if size <= 255 => (102, size, 8),
            _ => (104, size, 16),
        });
    }
    push_run(&mut out, run);
    out
}

fn push_run(out: &mut Vec<(u8, u16, u8)>, run: u32) {
    match run {
        0 => {}
        1..=100 => out.push((run as u8, 0, 0)),
        101..=255 => out.push((105, run as u16, 8)),
        _ => out.push((106, run as u16, 16)),
    }
}

/// A Huffman table: how many codes of each length, and the symbols in the order of their codes.
pub(crate) struct Table {
    pub(crate) counts: [u8; 16],
    pub(crate) symbols: Vec<u8>,
    codes: [(u16, u8); 256],
}

/// The reserved symbol that keeps the code of all ones free.
const RESERVED: usize = 256;
const LENGTH_MAX: usize = 16;

impl Table {
    /// The table for symbols with these frequencies.
    pub(crate) fn new(frequencies: &[u32; 256]) -> Self {
        let lengths = code_lengths(frequencies);
        let mut counts = [0i32; RESERVED + 1];
        for symbol in 0..RESERVED {
            if lengths[symbol] > 0 {
                counts[lengths[symbol]] += 1;
            }
        }
        limit(&mut counts);
        let mut symbols: Vec<u8> = (0..=255u8)
            .filter(|symbol| lengths[usize::from(*symbol)] > 0)
            .collect();
        symbols.sort_by_key(|symbol| (lengths[usize::from(*symbol)], *symbol));
        let mut codes = [(0u16, 0u8); 256];
        let mut code = 0u32;
        let mut next = symbols.iter();
        for (length, count) in counts.iter().enumerate().take(LENGTH_MAX + 1).skip(1) {
            for _ in 0..*count {
                if let Some(symbol) = next.next() {
                    codes[usize::from(*symbol)] = (code as u16, length as u8);
                    code += 1;
                }
            }
            code <<= 1;
        }
        let counts = std::array::from_fn(|n| counts[n + 1] as u8);
        Self {
            counts,
            symbols,
            codes,
        }
    }
}

/// Lengths of unlimited codes, by pairing the two rarest until one is left; of equals, the higher symbol.
fn code_lengths(frequencies: &[u32; 256]) -> [usize; RESERVED + 1] {
    let mut weights = [0u64; RESERVED + 1];
    for (weight, frequency) in weights.iter_mut().zip(frequencies) {
        *weight = u64::from(*frequency);
    }
    weights[RESERVED] = 1;
    let mut lengths = [0usize; RESERVED + 1];
    let mut chains: Vec<Vec<usize>> = (0..=RESERVED).map(|n| vec![n]).collect();
    let rarest = |weights: &[u64; RESERVED + 1], but: Option<usize>| {
        (0..=RESERVED)
            .filter(|n| weights[*n] > 0 && Some(*n) != but)
            .rev()
            .min_by_key(|n| weights[*n])
    };
    while let Some(first) = rarest(&weights, None) {
        let Some(second) = rarest(&weights, Some(first)) else {
            break;
        };
        weights[first] += weights[second];
        weights[second] = 0;
        let moved = std::mem::take(&mut chains[second]);
        for member in chains[first].iter().chain(&moved) {
            lengths[*member] += 1;
        }
        chains[first].extend(moved);
    }
    lengths
}

/// Brings codes longer than 16 bits down, as annex K.2 of JPEG does.
fn limit(counts: &mut [i32; RESERVED + 1]) {
    let longest = (1..=RESERVED).rev().find(|n| counts[*n] > 0).unwrap_or(0);
    if longest <= LENGTH_MAX {
        return;
    }
    for length in (LENGTH_MAX + 1..=longest).rev() {
        while counts[length] > 0 {
            let mut shorter = length - 2;
            while counts[shorter] == 0 {
                shorter -= 1;
            }
            counts[length] -= 2;
            counts[length - 1] += 1;
            counts[shorter + 1] += 2;
            counts[shorter] -= 1;
        }
        counts[length] = 0;
    }
    if let Some(last) = (1..=LENGTH_MAX).rev().find(|n| counts[*n] > 0) {
        counts[last] -= 1;
    }
}

/// Codes symbols into bytes: FF is followed by 00, the last byte is filled with ones.
pub(crate) fn code(symbols: &[(u8, u16, u8)], table: &Table) -> Vec<u8> {
    let mut out = Vec::new();
    let (mut buffer, mut held) = (0u64, 0u32);
    let mut put = |value: u16, bits: u8, out: &mut Vec<u8>| {
        buffer = buffer << bits | u64::from(value);
        held += u32::from(bits);
        while held >= 8 {
            held -= 8;
            push_byte(out, (buffer >> held) as u8);
        }
        buffer &= (1 << held) - 1;
        (buffer, held)
    };
    let mut rest = (0, 0);
    for &(symbol, value, bits) in symbols {
        let (code, length) = table.codes[usize::from(symbol)];
        rest = put(code, length, &mut out);
        if bits > 0 {
            rest = put(value, bits, &mut out);
        }
    }
    let (buffer, held) = rest;
    if held > 0 {
        let missing = 8 - held;
        push_byte(
            &mut out,
            (buffer << missing) as u8 | ((1u16 << missing) - 1) as u8,
        );
    }
    out
}

fn push_byte(out: &mut Vec<u8>, byte: u8) {
    out.push(byte);
    if byte == 0xFF {
        out.push(0);
    }
}
