//! Models made here, without training: what is asked, what comes back, and files that are no such model.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use proptest::prelude::*;
use rilascio_biometrics::{Error, Extract, GreyImage, MinutiaKind};
use rilascio_learned::LearnedExtractor;
use rten_onnx::onnx::{
    AttributeProto, AttributeType, DataType, GraphProto, ModelProto, NodeProto, OperatorSetIdProto,
    TensorProto, ValueInfoProto,
};
use std::cell::RefCell;

fn number(name: &str, value: i64) -> AttributeProto {
    AttributeProto {
        name: Some(name.to_owned()),
        i: Some(value),
        r#type: Some(AttributeType::INT),
        ..AttributeProto::default()
    }
}

fn numbers(name: &str, values: &[i64]) -> AttributeProto {
    AttributeProto {
        name: Some(name.to_owned()),
        ints: values.to_vec(),
        r#type: Some(AttributeType::INTS),
        ..AttributeProto::default()
    }
}

fn node(kind: &str, input: &[&str], output: &str, attribute: Vec<AttributeProto>) -> NodeProto {
    NodeProto {
        op_type: Some(kind.to_owned()),
        name: Some(output.to_owned()),
        input: input.iter().map(|name| (*name).to_owned()).collect(),
        output: vec![output.to_owned()],
        attribute,
        ..NodeProto::default()
    }
}

fn constant(name: &str, dims: &[i64], values: &[f32]) -> TensorProto {
    let bytes = values.iter().flat_map(|value| value.to_le_bytes());
    TensorProto {
        name: Some(name.to_owned()),
        dims: dims.to_vec(),
        data_type: Some(DataType::FLOAT),
        raw_data: Some(RefCell::new(bytes.collect())),
        ..TensorProto::default()
    }
}

fn value(name: &str) -> ValueInfoProto {
    ValueInfoProto {
        name: Some(name.to_owned()),
        ..ValueInfoProto::default()
    }
}

/// A network for which every black pixel is a minutia: quality 1 - grey / 255, direction 0.5, an ending. On its way the image
/// goes into depth in blocks and back, which changes nothing.
fn network(block: i64) -> Vec<u8> {
    let graph = GraphProto {
        node: vec![
            node(
                "Transpose",
                &["image"],
                "planes",
                vec![numbers("perm", &[0, 3, 1, 2])],
            ),
            node(
                "SpaceToDepth",
                &["planes"],
                "deep",
                vec![number("blocksize", block)],
            ),
            node(
                "DepthToSpace",
                &["deep"],
                "flat",
                vec![number("blocksize", block)],
            ),
            node("Mul", &["flat", "scale"], "scaled", vec![]),
            node("Add", &["scaled", "shift"], "four", vec![]),
            node(
                "Transpose",
                &["four"],
                "answer",
                vec![numbers("perm", &[0, 2, 3, 1])],
            ),
        ],
        initializer: vec![
            constant("scale", &[1, 4, 1, 1], &[0.0, 0.0, 0.0, -1.0 / 255.0]),
            constant("shift", &[1, 4, 1, 1], &[0.0, 0.5, 1.0, 1.0]),
        ],
        input: vec![value("image")],
        output: vec![value("answer")],
        ..GraphProto::default()
    };
    let model = ModelProto {
        ir_version: Some(8),
        graph: Some(graph),
        opset_import: vec![OperatorSetIdProto {
            domain: Some(String::new()),
            version: Some(17),
        }],
        ..ModelProto::default()
    };
    model.write_buf().unwrap()
}

/// A grey image with black pixels.
fn image(width: u32, height: u32, black: &[(u32, u32)]) -> GreyImage {
    let mut pixels = vec![200; (width * height) as usize];
    for (x, y) in black {
        pixels[(y * width + x) as usize] = 0;
    }
    GreyImage::new(width, height, 500, pixels).unwrap()
}

#[test]
fn what_the_network_finds_is_in_the_template() {
    for block in [2, 4, 8] {
        let extractor = LearnedExtractor::new(network(block)).unwrap();
        let black = [(10, 20), (11, 20), (100, 7), (149, 99)];
        let template = extractor.extract(&image(150, 100, &black)).unwrap();
        let mut found: Vec<_> = template.minutiae.iter().map(|m| (m.x, m.y)).collect();
        found.sort_by(|a, b| a.0.total_cmp(&b.0));
        // Neighbours of the same quality are one.
        assert_eq!(found, [(10.0, 20.0), (100.0, 7.0), (149.0, 99.0)]);
        let minutia = template.minutiae[0];
        assert_eq!((minutia.kind, minutia.quality), (MinutiaKind::Ending, 100));
        // The network counts counter-clockwise, a template clockwise.
        assert!((minutia.direction - (std::f32::consts::TAU - 0.5)).abs() < 1e-5);
        assert_eq!((template.width, template.height), (150, 100));
        assert_eq!(
            (template.flow.columns > 10, template.flow.rows > 7),
            (true, true)
        );
    }
}

#[test]
fn what_is_no_such_network_says_so() {
    let refused = |bytes: Vec<u8>| match LearnedExtractor::new(bytes) {
        Err(Error::Model { why }) => why,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it is taken"),
    };
    refused(Vec::new());
    refused(b"not a model".to_vec());
    assert!(refused(network(0)).contains("block size"));
    // An image of 64 pixels is not made of blocks of 48.
    refused(network(48));
    let mut other = ModelProto::parse_buf(&network(2)).unwrap();
    other.graph.as_mut().unwrap().node.pop();
    other.graph.as_mut().unwrap().output = vec![value("four")];
    assert!(refused(other.write_buf().unwrap()).contains("were to come"));
}

#[test]
fn an_image_that_is_too_large_is_refused_before_it_is_asked_about() {
    let extractor = LearnedExtractor::new(network(2)).unwrap();
    let large = image(1500, 1500, &[]);
    assert!(matches!(extractor.extract(&large), Err(Error::Size { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn a_damaged_file_is_a_fault_or_another_model(place in 0..600_usize, value: u8, cut in 0..600_usize) {
        let mut bytes = network(2);
        let (place, cut) = (place % bytes.len(), cut % bytes.len());
        bytes[place] = value;
        let _ = LearnedExtractor::new(bytes.clone());
        bytes.truncate(cut);
        let _ = LearnedExtractor::new(bytes);
    }
}
