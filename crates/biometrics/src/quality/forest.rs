//! The random forest of NFIQ 2.3 (`data/README.md`): a hundred trees, each of which finds a print good or not.

use std::sync::LazyLock;

static DATA: &[u8] = include_bytes!("../../data/nfiq2_forest.bin");

/// Values that the forest looks at.
pub(super) const VALUES: usize = 69;
/// What stands in the place of a value at a leaf: a vote against, a vote for.
const AGAINST: u8 = 254;
const FOR: u8 = 255;

/// A node: which value, its limit, where to go on when the value is above it. Below the limit the next node follows.
struct Node {
    value: u8,
    limit: f32,
    above: u16,
}

static TREES: LazyLock<Vec<Vec<Node>>> =
    LazyLock::new(|| trees(DATA).expect("the forest of this program is whole: a test reads it"));

/// Reads a forest: the numbers of trees and of values; for each tree how many nodes; for each node a byte, and where it is no
/// leaf a limit (IEEE 754) and the place of the other branch. Little endian.
fn trees(data: &[u8]) -> Option<Vec<Vec<Node>>> {
    let mut rest = data;
    let mut take = |count: usize| {
        let (head, tail) = rest.split_at_checked(count)?;
        rest = tail;
        Some(head)
    };
    let short = |bytes: &[u8]| Some(u16::from_le_bytes(bytes.try_into().ok()?));
    let count = short(take(2)?)?;
    if usize::from(short(take(2)?)?) != VALUES {
        return None;
    }
    let mut trees = Vec::with_capacity(count.into());
    for _ in 0..count {
        let size = short(take(2)?)?;
        let mut nodes = Vec::with_capacity(size.into());
        for place in 0..size {
            let value = take(1)?[0];
            let node = if value >= AGAINST {
                Node {
                    value,
                    limit: 0.0,
                    above: 0,
                }
            } else {
                let limit = f32::from_le_bytes(take(4)?.try_into().ok()?);
                let above = short(take(2)?)?;
                // Every way goes on, and ends at a leaf.
                let whole = usize::from(value) < VALUES && (place + 1..size).contains(&above);
                if !whole || place + 1 >= size {
                    return None;
                }
                Node {
                    value,
                    limit,
                    above,
                }
            };
            nodes.push(node);
        }
        trees.push(nodes);
    }
    (take(1).is_none() && !trees.is_empty()).then_some(trees)
}

/// How many of a hundred trees find a print with these values good.
pub(super) fn votes(values: &[f32; VALUES]) -> u8 {
    let good = TREES.iter().filter(|nodes| {
        let mut place = 0;
        loop {
            let node = &nodes[place];
            match node.value {
                AGAINST => return false,
                FOR => return true,
                value if values[usize::from(value)] <= node.limit => place += 1,
                _ => place = usize::from(node.above),
            }
        }
    });
    (good.count() * 100 / TREES.len()) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forest_is_whole_and_a_damaged_one_is_not_read() {
        let read = trees(DATA).unwrap_or_default();
        assert_eq!(
            (read.len(), read.iter().map(Vec::len).sum()),
            (100, 138_428)
        );
        assert!(trees(&DATA[..DATA.len() - 1]).is_none());
        assert!(trees(&[]).is_none());
        let mut longer = DATA.to_vec();
        longer.push(0);
        assert!(trees(&longer).is_none());
    }
}
