//! The serving program of a test: started on a free port, with what it said at its start.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A running server.
pub struct Server {
    pub process: Child,
    pub address: String,
    pub said: Vec<String>,
}

impl Server {
    pub fn start(data: &Path, more: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_rilascio"))
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--data",
                data.to_str().unwrap(),
            ])
            .args(more)
            .env("RILASCIO_LOG", "info")
            .env_remove("RILASCIO_MASTER_KEY")
            .stdout(Stdio::piped())
            .stderr(
                std::fs::File::options()
                    .append(true)
                    .create(true)
                    .open(data.with_extension("log"))
                    .unwrap(),
            )
            .spawn()
            .unwrap();
        let mut said = Vec::new();
        for line in BufReader::new(process.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            said.push(line.clone());
            if let Some(address) = line.strip_prefix("listening on http://") {
                return Self {
                    process,
                    address: address.to_owned(),
                    said,
                };
            }
        }
        let _ = process.kill();
        let _ = process.wait();
        panic!("the server did not start: {said:?}");
    }

    /// The password of an operator, as it was printed once.
    pub fn password(&self, officer: &str) -> String {
        let line = self
            .said
            .iter()
            .find(|line| line.trim_start().starts_with(officer))
            .unwrap();
        line.split_whitespace().nth(1).unwrap().to_owned()
    }

    pub fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    pub fn stop(mut self) {
        let id = self.process.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &id])
                .status()
                .unwrap()
                .success()
        );
        assert!(self.process.wait().unwrap().success(), "a stop is graceful");
    }
}
