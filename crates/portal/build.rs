//! Fetches the style kit by the lock file, and embeds it with templates and messages.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() -> Result<(), String> {
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default());
    let out = PathBuf::from(std::env::var("OUT_DIR").unwrap_or_default());
    let web = root.join("web");
    for file in [
        "package-lock.json",
        "assets.mjs",
        "site.css",
        "capture.js",
        "passkey.js",
        "bridge.js",
        "preview.js",
        "session.js",
    ] {
        println!("cargo::rerun-if-changed=web/{file}");
    }
    if !web.join("node_modules/bootstrap-italia").is_dir() {
        run(
            "npm",
            &["ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            &web,
        )?;
    }
    let assets = out.join("assets");
    run("node", &["assets.mjs", &assets.to_string_lossy()], &web)?;
    let code = table("ASSETS", "&[u8]", "include_bytes", &assets)?
        + &table("TEMPLATES", "&str", "include_str", &root.join("templates"))?
        + &table("MESSAGES", "&str", "include_str", &root.join("messages"))?;
    std::fs::write(out.join("embedded.rs"), code).map_err(|why| why.to_string())
}

fn run(program: &str, arguments: &[&str], folder: &Path) -> Result<(), String> {
    let failed = |why: String| {
        format!(
            "{program} {}: {why}\nThe portal's style comes from npm: install Node.js 18 or newer, and try again where \
            its registry can be reached",
            arguments.join(" ")
        )
    };
    let outcome = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .output()
        .map_err(|why| failed(why.to_string()))?;
    if outcome.status.success() {
        Ok(())
    } else {
        Err(failed(
            String::from_utf8_lossy(&outcome.stderr).into_owned(),
        ))
    }
}

/// A table of the files of a folder: name and content.
fn table(name: &str, kind: &str, include: &str, folder: &Path) -> Result<String, String> {
    println!("cargo::rerun-if-changed={}", folder.display());
    let entries =
        std::fs::read_dir(folder).map_err(|why| format!("{}: {why}", folder.display()))?;
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let mut code = format!("pub(crate) static {name}: &[(&str, {kind})] = &[\n");
    for path in paths {
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        let _ = writeln!(code, "    ({file:?}, {include}!({:?})),", path.display());
    }
    Ok(code + "];\n")
}
