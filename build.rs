//! Embeds profiles and examples, so that the program needs no file beside it.

use std::fmt::Write;
use std::path::{Path, PathBuf};

fn main() -> std::io::Result<()> {
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default());
    let out = PathBuf::from(std::env::var("OUT_DIR").unwrap_or_default());
    let profiles = root.join("profiles");
    let code = table("FILES", "&str", "include_str", &profiles, &["toml", "svg"])?;
    std::fs::write(out.join("profiles.rs"), code)?;
    let examples = root.join("examples");
    let mut code = table("APPLICATIONS", "&str", "include_str", &examples, &["toml"])?;
    code += &table(
        "IMAGES",
        "&[u8]",
        "include_bytes",
        &examples,
        &["png", "jpg"],
    )?;
    std::fs::write(out.join("examples.rs"), code)
}

/// A table of the files of a folder: path and content.
fn table(
    name: &str,
    kind: &str,
    include: &str,
    folder: &Path,
    extensions: &[&str],
) -> std::io::Result<String> {
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files = Vec::new();
    collect(folder, extensions, &mut files)?;
    files.sort();
    let mut code = format!(
        "/// Path from the folder, and content.\npub(crate) static {name}: &[(&str, {kind})] = &[\n"
    );
    for file in &files {
        let path = file
            .strip_prefix(folder)
            .unwrap_or(file)
            .to_string_lossy()
            .replace('\\', "/");
        println!("cargo::rerun-if-changed={}", file.display());
        let _ = writeln!(code, "    ({path:?}, {include}!({file:?})),");
    }
    code.push_str("];\n");
    Ok(code)
}

fn collect(folder: &Path, extensions: &[&str], files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            println!("cargo::rerun-if-changed={}", path.display());
            collect(&path, extensions, files)?;
        } else if path
            .extension()
            .is_some_and(|ext| extensions.iter().any(|known| ext == *known))
        {
            files.push(path);
        }
    }
    Ok(())
}
