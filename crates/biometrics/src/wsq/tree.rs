//! The wavelet tree: which parts of the image are split, and the 60 bands that come of it.

/// A rectangle of coefficients.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) x: usize,
    pub(crate) y: usize,
    pub(crate) w: usize,
    pub(crate) h: usize,
}

/// A part that is split, with the places of its halves swapped or not.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Node {
    pub(crate) part: Part,
    pub(crate) swap_rows: bool,
    pub(crate) swap_columns: bool,
}

impl Node {
    /// The four quarters: upper left, upper right, lower left, lower right.
    fn quarters(&self) -> [Part; 4] {
        let Part { x, y, w, h } = self.part;
        let half = |length: usize, swap: bool| if swap { length / 2 } else { length.div_ceil(2) };
        let (left, top) = (half(w, self.swap_rows), half(h, self.swap_columns));
        [
            Part {
                x,
                y,
                w: left,
                h: top,
            },
            Part {
                x: x + left,
                y,
                w: w - left,
                h: top,
            },
            Part {
                x,
                y: y + top,
                w: left,
                h: h - top,
            },
            Part {
                x: x + left,
                y: y + top,
                w: w - left,
                h: h - top,
            },
        ]
    }
}

/// Number of split parts.
const NODES: usize = 20;
/// Number of bands that are coded.
pub(crate) const BANDS: usize = 60;

/// Nodes in the order of splitting, bands in the order of coding.
pub(crate) struct Tree {
    pub(crate) nodes: [Node; NODES],
    pub(crate) bands: [Part; BANDS],
}

impl Tree {
    pub(crate) fn new(w: usize, h: usize) -> Self {
        const SWAP_ROWS: [usize; 8] = [2, 4, 7, 9, 11, 13, 16, 18];
        const SWAP_COLUMNS: [usize; 8] = [3, 5, 8, 9, 12, 13, 17, 18];
        let mut nodes = [Node::default(); NODES];
        for (n, node) in nodes.iter_mut().enumerate() {
            node.swap_rows = SWAP_ROWS.contains(&n);
            node.swap_columns = SWAP_COLUMNS.contains(&n);
        }
        let mut bands = [Part::default(); BANDS];
        nodes[0].part = Part { x: 0, y: 0, w, h };
        // Parent, then the nodes that its quarters become; the rest are bands, given below.
        const CHILDREN: [(usize, [Option<usize>; 4]); 7] = [
            (0, [Some(1), Some(2), Some(3), None]),
            (1, [Some(14), Some(4), Some(5), None]),
            (4, [Some(6), Some(7), Some(8), Some(9)]),
            (5, [Some(10), Some(11), Some(12), Some(13)]),
            (14, [Some(15), Some(16), Some(17), Some(18)]),
            (15, [Some(19), None, None, None]),
            (19, [None, None, None, None]),
        ];
        for (parent, children) in CHILDREN {
            let quarters = nodes[parent].quarters();
            for (child, quarter) in children.into_iter().zip(quarters) {
                if let Some(child) = child {
                    nodes[child].part = quarter;
                }
            }
        }
        bands[4..7].copy_from_slice(&nodes[15].quarters()[1..]);
        bands[51] = nodes[1].quarters()[3];
        const LEAVES: [(usize, usize); 14] = [
            (19, 0),
            (16, 7),
            (17, 11),
            (18, 15),
            (6, 19),
            (7, 23),
            (8, 27),
            (9, 31),
            (10, 35),
            (11, 39),
            (12, 43),
            (13, 47),
            (2, 52),
            (3, 56),
        ];
        for (node, first) in LEAVES {
            bands[first..first + 4].copy_from_slice(&nodes[node].quarters());
        }
        Self { nodes, bands }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_an_odd_image_are_those_of_the_reference() {
        let tree = Tree::new(277, 333);
        let part = |p: Part| (p.x, p.y, p.w, p.h);
        assert_eq!(part(tree.nodes[9].part), (104, 42, 35, 42));
        assert_eq!(part(tree.nodes[13].part), (35, 125, 35, 42));
        assert_eq!(part(tree.nodes[19].part), (0, 0, 18, 21));
        assert_eq!(part(tree.bands[5]), (0, 21, 18, 21));
        assert_eq!(part(tree.bands[8]), (52, 0, 18, 21));
        assert_eq!(part(tree.bands[24]), (121, 0, 18, 21));
        assert_eq!(part(tree.bands[51]), (70, 84, 69, 83));
        assert_eq!(part(tree.bands[59]), (70, 250, 69, 83));
    }

    #[test]
    fn bands_cover_all_but_the_last_quarter() {
        let (w, h) = (315, 394);
        let tree = Tree::new(w, h);
        let covered: usize = tree.bands.iter().map(|band| band.w * band.h).sum();
        assert_eq!(covered, w * h - (w / 2) * (h / 2));
    }
}
