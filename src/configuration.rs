//! The configuration file of `rilascio serve`: the long names of its options, with lower rank than flag and environment.

use crate::fault::Fault;
use clap::{ArgAction, Command};
use std::ffi::OsString;
use std::path::PathBuf;

/// The name of the option, and of its environment variable.
pub(crate) const OPTION: &str = "config";
pub(crate) const VARIABLE: &str = "RILASCIO_CONFIG";

/// What the file cannot set: it would name itself, or is given once by hand.
const NOT_IN_FILE: [&str; 3] = [OPTION, "help", "demo"];

/// The file that the command line or the environment names.
fn path(arguments: &[OsString]) -> Option<PathBuf> {
    let mut given = arguments.iter().skip(2);
    while let Some(argument) = given.next() {
        let text = argument.to_string_lossy();
        if text == "--" {
            break;
        }
        if text == format!("--{OPTION}") {
            return given.next().map(PathBuf::from);
        }
        if let Some(path) = text.strip_prefix(&format!("--{OPTION}=")) {
            return Some(path.into());
        }
    }
    std::env::var_os(VARIABLE)
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
}

/// A value of the file as it would stand on the command line; lists are joined by commas.
fn as_argument(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Boolean(yes) => Some(yes.to_string()),
        toml::Value::Array(items) => {
            let items: Option<Vec<_>> = items.iter().map(as_argument).collect();
            items.map(|items| items.join(","))
        }
        _ => None,
    }
}

/// The command with the values of the configuration file as its defaults.
pub(crate) fn apply(command: Command, arguments: &[OsString]) -> Result<Command, Fault> {
    if arguments.get(1).is_none_or(|name| name != "serve") {
        return Ok(command);
    }
    let Some(path) = path(arguments) else {
        return Ok(command);
    };
    let wrong = |why: String| Fault::usage(format!("{}: {why}", path.display()));
    let text = std::fs::read_to_string(&path).map_err(|why| Fault::file(&path, why))?;
    let table: toml::Table = toml::from_str(&text).map_err(|why| wrong(why.to_string()))?;
    let mut serve = command
        .find_subcommand("serve")
        .cloned()
        .ok_or_else(|| Fault::failed("there is no command serve"))?;
    for (name, value) in table {
        let id = name.replace('-', "_");
        let known = serve
            .get_arguments()
            .find(|argument| argument.get_id() == id.as_str());
        let Some(known) = known.filter(|_| !NOT_IN_FILE.contains(&name.as_str())) else {
            let names: Vec<_> = serve
                .get_arguments()
                .filter_map(|argument| argument.get_long())
                .filter(|name| !NOT_IN_FILE.contains(name))
                .collect();
            return Err(wrong(format!("'{name}' is not a setting"))
                .remedy(format!("the settings are {}", names.join(", "))));
        };
        let flag = matches!(known.get_action(), ArgAction::SetTrue);
        if flag && !value.is_bool() {
            return Err(wrong(format!("{name} is true or false")));
        }
        // Nothing is what is there without the setting.
        if value.as_array().is_some_and(Vec::is_empty) {
            continue;
        }
        let text = as_argument(&value)
            .ok_or_else(|| wrong(format!("{name} is a text, a number or a list of them")))?;
        serve = serve.mut_arg(id, |argument| argument.default_value(text));
    }
    Ok(command.mut_subcommand("serve", |_| serve))
}
