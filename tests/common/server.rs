//! The serving program of a test: started on a free port, with what it said at its start.

use super::{errors, rilascio};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

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
            let address = line.strip_prefix("listening on ");
            if let Some((_, address)) = address.and_then(|address| address.split_once("://")) {
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

/// The program at something else than serving, ended with the test.
pub struct Running(Child);

impl Running {
    /// Starts it, and waits for the address at which it listens.
    pub fn start(arguments: &[&str]) -> (Self, String) {
        let mut process = Command::new(env!("CARGO_BIN_EXE_rilascio"))
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let running = Self(process);
        for line in lines {
            if let Some(address) = line.unwrap().strip_prefix("listening on ") {
                return (running, address.to_owned());
            }
        }
        panic!("{arguments:?} did not start");
    }

    /// Starts it where it says nothing.
    pub fn silent(arguments: &[&str]) -> Self {
        let process = Command::new(env!("CARGO_BIN_EXE_rilascio"))
            .args(arguments)
            .stderr(Stdio::null())
            .spawn();
        Self(process.unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// One request; nothing when the server is gone.
pub fn ask(
    address: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Option<(u16, String)> {
    let mut headers = headers.to_vec();
    headers.push(("Host", address));
    ask_as(address, method, path, &headers, body)
}

/// One request under any name of the server, which the headers give.
pub fn ask_as(
    address: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .ok()?;
    let mut head = format!(
        "{method} {path} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    stream
        .write_all(format!("{head}\r\n{body}").as_bytes())
        .ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    // A body that was cut off is no answer.
    let length = head.lines().find_map(|line| {
        line.to_ascii_lowercase()
            .strip_prefix("content-length: ")
            .map(str::to_owned)
    });
    (length?.trim().parse::<usize>().ok()? == body.len()).then(|| (status, body.to_owned()))
}

pub fn sign_in(address: &str, officer: &str, password: &str) -> Option<String> {
    let body = json!({ "officer": officer, "password": password }).to_string();
    let (status, answer) = ask(address, "POST", "/v1/sign-in", &[], &body)?;
    assert_eq!(status, 200, "{answer}");
    let answer: Value = serde_json::from_str(&answer).unwrap();
    Some(format!("Bearer {}", answer["token"].as_str().unwrap()))
}

/// Chooses a password in the place of the first one, with which nothing else can be done, and signs in with it.
pub fn sign_in_at_first(address: &str, officer: &str, first: &str) -> String {
    let token = sign_in(address, officer, first).unwrap();
    let refused = get_at(address, &token, "/v1/office/dossier");
    assert!(
        refused.0 == 403 && refused.1.contains("circuit.password-first"),
        "{refused:?}"
    );
    let own = "una-nuvola-sul-tavolo";
    let body = json!({ "present": first, "new": own }).to_string();
    let headers = [("Authorization", &token[..])];
    let (status, said) = ask(address, "POST", "/v1/password", &headers, &body).unwrap();
    assert_eq!(status, 200, "{said}");
    sign_in(address, officer, own).unwrap()
}

pub fn command(
    address: &str,
    token: &str,
    name: &str,
    id: &str,
    body: &Value,
) -> Option<(u16, Value)> {
    let headers = [("Authorization", token), ("Idempotency-Key", id)];
    let (status, answer) = ask(
        address,
        "POST",
        &format!("/v1/commands/{name}"),
        &headers,
        &body.to_string(),
    )?;
    Some((status, serde_json::from_str(&answer).unwrap()))
}

pub fn get_at(address: &str, token: &str, path: &str) -> (u16, String) {
    ask(address, "GET", path, &[("Authorization", token)], "").unwrap()
}

/// Names an operator where somebody works; gives the password.
pub fn operator(data: &Path, role: &str, name: &str, site: &str, rights: &str) -> String {
    let data = data.to_str().unwrap();
    let output = rilascio(&[
        "operator",
        "--data",
        data,
        "--role",
        role,
        "--site",
        site,
        "--rights",
        rights,
        "--lasting",
        name,
    ]);
    assert!(output.status.success(), "{}", errors(&output));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    said.split_whitespace().last().unwrap().to_owned()
}
