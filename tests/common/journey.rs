//! Journeys through the portal: a browser that a script drives.

use super::root;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// The longest that a browser takes for one of its journeys.
const PATIENCE: Duration = Duration::from_secs(600);

/// The browser and the program that drives it; says what is missing otherwise.
#[expect(clippy::print_stdout, reason = "a test says what it skips")]
pub fn browser() -> Option<PathBuf> {
    let known = [
        "/usr/bin/chromium",
        "/usr/bin/chromium-browser",
        "/usr/bin/google-chrome",
    ];
    let given = std::env::var_os("CHROMIUM").map(PathBuf::from);
    let found = given.or_else(|| known.iter().map(PathBuf::from).find(|path| path.exists()));
    let driver = root().join("crates/portal/web/node_modules/playwright-core");
    if found.is_none() || !driver.is_dir() {
        println!("skipped: the portal in a browser needs Chromium (Debian: chromium) and Node.js");
        return None;
    }
    found
}

/// Runs a journey; what the browser found wrong is the failure.
pub fn travel(browser: &Path, bridge: &str, journey: &str, arguments: &[&Path]) {
    let script = root().join("crates/portal/web/journeys").join(journey);
    let seconds = PATIENCE.as_secs().to_string();
    let output = Command::new("timeout")
        .args([&seconds, "node"])
        .arg(script)
        .args(arguments)
        .env("CHROMIUM", browser)
        .env("BRIDGE", bridge)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{journey}:\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
