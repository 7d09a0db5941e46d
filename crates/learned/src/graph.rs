//! The graph of a network, in operators that can be run.
//!
//! `SpaceToDepth` (ONNX operators, SpaceToDepth-13) moves blocks of b × b pixels into channels: `[n, c, h, w]` becomes
//! `[n, b²c, h/b, w/b]`, channels ordered by row in the block, column in the block, channel. The same comes of three changes
//! of shape and three of order, whatever the sides are.

use rilascio_biometrics::{Error, Result};
use rten_onnx::onnx::{
    AttributeProto, AttributeType, DataType, GraphProto, ModelProto, NodeProto, TensorProto,
};

const OPERATOR: &str = "SpaceToDepth";
/// The largest block that makes sense.
const BLOCK_MAX: i64 = 64;

pub(crate) fn fault(why: impl std::fmt::Display) -> Error {
    Error::Model {
        why: why.to_string(),
    }
}

/// The bytes of a model without operators that cannot be run.
pub(crate) fn runnable(bytes: Vec<u8>) -> Result<Vec<u8>> {
    let mut model = ModelProto::parse_buf(&bytes).map_err(fault)?;
    let graph = model
        .graph
        .as_mut()
        .ok_or_else(|| fault("it has no graph: is it an ONNX file?"))?;
    let known = |node: &NodeProto| node.op_type.as_deref() != Some(OPERATOR);
    if graph.node.iter().all(known) {
        return Ok(bytes);
    }
    rewrite(graph)?;
    model.write_buf().map_err(fault)
}

fn rewrite(graph: &mut GraphProto) -> Result<()> {
    let nodes = std::mem::take(&mut graph.node);
    for node in nodes {
        if node.op_type.as_deref() == Some(OPERATOR) {
            let place = graph.node.len();
            put_in_its_place(&node, place, graph)?;
        } else {
            graph.node.push(node);
        }
    }
    Ok(())
}

fn put_in_its_place(node: &NodeProto, place: usize, graph: &mut GraphProto) -> Result<()> {
    let block = node
        .attribute
        .iter()
        .find(|attribute| attribute.name.as_deref() == Some("blocksize"))
        .and_then(|attribute| attribute.i)
        .filter(|block| (1..=BLOCK_MAX).contains(block))
        .ok_or_else(|| fault("a SpaceToDepth has no block size that makes sense"))?;
    let ([input], [output]) = (&node.input[..], &node.output[..]) else {
        return Err(fault("a SpaceToDepth has not one input and one output"));
    };
    // A zero keeps a side, -1 is what is left.
    let steps: [&[i64]; 6] = [
        &[0, 0, 0, -1, block],
        &[0, 1, 3, 4, 2],
        &[0, 0, 0, 0, -1, block],
        &[0, 4, 2, 5, 3, 1],
        &[0, 0, 0, -1],
        &[0, 3, 1, 2],
    ];
    let mut from = input.clone();
    for (step, numbers) in steps.into_iter().enumerate() {
        let to = if step + 1 == steps.len() {
            output.clone()
        } else {
            format!("{output}/rilascio/{place}/{step}")
        };
        let made = if step.is_multiple_of(2) {
            let shape = format!("{to}/shape");
            graph.initializer.push(TensorProto {
                name: Some(shape.clone()),
                dims: vec![numbers.len() as i64],
                data_type: Some(DataType::INT64),
                int64_data: numbers.to_vec(),
                ..TensorProto::default()
            });
            operator("Reshape", vec![from, shape], &to, Vec::new())
        } else {
            let order = AttributeProto {
                name: Some("perm".to_owned()),
                ints: numbers.to_vec(),
                r#type: Some(AttributeType::INTS),
                ..AttributeProto::default()
            };
            operator("Transpose", vec![from], &to, vec![order])
        };
        graph.node.push(made);
        from = to;
    }
    Ok(())
}

fn operator(
    name: &str,
    input: Vec<String>,
    output: &str,
    attribute: Vec<AttributeProto>,
) -> NodeProto {
    NodeProto {
        name: Some(output.to_owned()),
        op_type: Some(name.to_owned()),
        input,
        output: vec![output.to_owned()],
        attribute,
        ..NodeProto::default()
    }
}
