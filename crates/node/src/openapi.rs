//! The description of the HTTP interface (OpenAPI 3.1), made from the types that it takes and gives.

use crate::applicant::{ApplicantView, Receipt};
use crate::certificates::CertificateEntry;
use crate::command::{Answer, Command};
use crate::desk::cards::{Card, CardRequest};
use crate::desk::collection::WaitingDocument;
use crate::desk::grants::{EmergencyRequest, Grant, ShownGrant, SubstitutionRequest};
use crate::desk::screening::ShownFindings;
use crate::desk::workstations::Workstation;
use crate::officers::Session;
use crate::waiting::HolderComes;
use rilascio_circuit::process::{
    AccessGrant, Attestation, Blank, Consignment, Document, Dossier, LegacyFile, LossReport, Order,
    Registration, Sheet, Standing, StockTake, WatchEntry,
};
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

/// Makes the schema of a kind.
type MakeSchema = fn(&mut SchemaGenerator) -> Schema;

/// The kinds of things that can be listed, with their schemas.
const KINDS: &[(&str, MakeSchema)] = &[
    ("dossier", SchemaGenerator::subschema_for::<Dossier>),
    ("order", SchemaGenerator::subschema_for::<Order>),
    ("blank", SchemaGenerator::subschema_for::<Blank>),
    ("consignment", SchemaGenerator::subschema_for::<Consignment>),
    ("document", SchemaGenerator::subschema_for::<Document>),
    ("attestation", SchemaGenerator::subschema_for::<Attestation>),
    ("sheet", SchemaGenerator::subschema_for::<Sheet>),
    ("legacy-file", SchemaGenerator::subschema_for::<LegacyFile>),
    (
        "registration",
        SchemaGenerator::subschema_for::<Registration>,
    ),
    (
        "access-grant",
        SchemaGenerator::subschema_for::<AccessGrant>,
    ),
    ("watch-entry", SchemaGenerator::subschema_for::<WatchEntry>),
    ("works", SchemaGenerator::subschema_for::<Standing>),
    ("loss-report", SchemaGenerator::subschema_for::<LossReport>),
    ("stock-take", SchemaGenerator::subschema_for::<StockTake>),
];

/// True for a kind that can be listed.
#[must_use]
pub fn is_kind(name: &str) -> bool {
    KINDS.iter().any(|(known, _)| *known == name)
}

fn answer(description: &str, schema: Value) -> Value {
    json!({ "description": description, "content": { "application/json": { "schema": schema } } })
}

fn faults() -> Map<String, Value> {
    let fault = json!({ "$ref": "#/components/schemas/Fault" });
    [
        ("400", "malformed"),
        ("401", "not signed in"),
        ("403", "the right is missing"),
        ("404", "there is no such thing"),
        ("409", "a rule or the present state forbids it"),
        ("422", "the application breaks rules of its profile"),
        ("500", "the node failed"),
    ]
    .into_iter()
    .map(|(status, text)| (status.to_owned(), answer(text, fault.clone())))
    .collect()
}

fn responses(description: &str, schema: Value) -> Value {
    let mut all = faults();
    all.insert("200".to_owned(), answer(description, schema));
    Value::Object(all)
}

fn parameter(name: &str, place: &str, required: bool, text: &str) -> Value {
    json!({ "name": name, "in": place, "required": required, "description": text, "schema": { "type": "string" } })
}

/// One path for every command.
fn command_paths(schema: &Value, paths: &mut Map<String, Value>) {
    for variant in schema["oneOf"].as_array().into_iter().flatten() {
        let Some(name) = variant["properties"]["command"]["const"].as_str() else {
            continue;
        };
        let Some((_, role, right)) = Command::TABLE.iter().find(|(known, _, _)| *known == name)
        else {
            continue;
        };
        let mut body = variant.clone();
        if let Some(properties) = body["properties"].as_object_mut() {
            properties.remove("command");
        }
        if let Some(required) = body["required"].as_array_mut() {
            required.retain(|field| field != "command");
        }
        let text = variant["description"].as_str().unwrap_or_default();
        paths.insert(
            format!("/v1/commands/{name}"),
            json!({ "post": {
                "operationId": name,
                "summary": text,
                "description": format!("Role {}, right {}.", role.name(), crate::ledger::word(right)),
                "tags": [role.name()],
                "parameters": [parameter("Idempotency-Key", "header", true,
                    "The name of this command: given again under the same name it is done once and answered alike.")],
                "requestBody": { "required": true, "content": { "application/json": { "schema": body } } },
                "responses": responses("done", json!({ "$ref": "#/components/schemas/Answer" })),
            }}),
        );
    }
}

fn query_paths(generator: &mut SchemaGenerator, paths: &mut Map<String, Value>) {
    for (kind, schema) in KINDS {
        let schema = schema(generator).to_value();
        let role = parameter("role", "path", true, "office, centre, works or registry");
        paths.insert(
            format!("/v1/{{role}}/{kind}"),
            json!({ "get": {
                "operationId": format!("list-{kind}"), "summary": format!("Lists things of the kind {kind} by name."),
                "tags": ["queries"],
                "parameters": [role.clone(), parameter("state", "query", false, "only those in this state"),
                    parameter("after", "query", false, "those after this name"),
                    parameter("limit", "query", false, "at most so many, to 500")],
                "responses": responses("the things", json!({ "type": "array", "items": schema })),
            }}),
        );
        paths.insert(
            format!("/v1/{{role}}/{kind}/{{id}}"),
            json!({ "get": {
                "operationId": format!("read-{kind}"), "summary": format!("Reads one thing of the kind {kind}."),
                "tags": ["queries"], "parameters": [role, parameter("id", "path", true, "its name")],
                "responses": responses("the thing", schema),
            }}),
        );
    }
}

fn other_paths(paths: &mut Map<String, Value>) {
    let role = || parameter("role", "path", true, "office, centre, works or registry");
    let any = json!({ "type": "object" });
    let list = json!({ "type": "array", "items": { "type": "object" } });
    let times =
        json!({ "type": "array", "items": { "type": "string", "format": "partial-date-time" } });
    let plain = [
        (
            "/health",
            "health",
            "Whether the node works.",
            vec![],
            any.clone(),
        ),
        (
            "/v1/session",
            "read-session",
            "Who is signed in.",
            vec![],
            json!({ "$ref": "#/components/schemas/Session" }),
        ),
        (
            "/v1/sessions",
            "list-sessions",
            "The open sessions of whoever is signed in; POST /v1/sessions/{name}/end with the own {password} ends one.",
            vec![],
            list.clone(),
        ),
        (
            "/v1/certificates",
            "list-certificates",
            "The certificates and revocation lists of the installation, the soonest to end first; needs the right administer or audit.",
            vec![],
            json!({ "type": "array", "items": { "$ref": "#/components/schemas/CertificateEntry" } }),
        ),
        (
            "/v1/{role}/journal",
            "list-journal",
            "Entries of the journal; needs the right audit.",
            vec![role(), parameter("from", "query", false, "the first entry")],
            list.clone(),
        ),
        (
            "/v1/{role}/journal/of/{kind}/{id}",
            "read-history",
            "The entries of one thing.",
            vec![
                role(),
                parameter("kind", "path", true, "its kind"),
                parameter("id", "path", true, "its name"),
            ],
            list.clone(),
        ),
        (
            "/v1/office/dossier/{id}/receipt",
            "print-receipt",
            "The number and code that the applicant takes home; the journal notes who printed it.",
            vec![parameter("id", "path", true, "the dossier")],
            json!({ "$ref": "#/components/schemas/Receipt" }),
        ),
        (
            "/v1/centre/dossier/{id}/findings",
            "list-findings",
            "What other dossiers and watch-lists say of a dossier, with the persons to compare; the journal notes who looked.",
            vec![parameter("id", "path", true, "the dossier")],
            json!({ "$ref": "#/components/schemas/ShownFindings" }),
        ),
        (
            "/v1/{role}/counts/{kind}",
            "count-things",
            "How many things of a kind are in which state, by site.",
            vec![role(), parameter("kind", "path", true, "their kind")],
            list.clone(),
        ),
        (
            "/v1/{role}/measures",
            "measure",
            "Measures of the newest entries of the journal: time by phase, searches of prints, checks of holders, spoiled blanks, quality of prints.",
            vec![role()],
            json!({ "type": "object" }),
        ),
        (
            "/v1/office/promises",
            "count-promises",
            "How many documents came to their offices by the promised day.",
            vec![],
            any.clone(),
        ),
        (
            "/v1/passkeys",
            "list-passkeys",
            "The passkeys of whoever asks.",
            vec![],
            list.clone(),
        ),
        (
            "/v1/profiles",
            "list-profiles",
            "The documents of the circuit and what their forms ask for.",
            vec![],
            list.clone(),
        ),
        (
            "/v1/sites",
            "list-sites",
            "The offices and what they issue since when.",
            vec![],
            list.clone(),
        ),
        (
            "/v1/office/dossier/{id}/draft",
            "read-draft",
            "What was taken of a person before it is confirmed; PUT keeps it, PUT to images/{name} an image.",
            vec![parameter("id", "path", true, "the dossier")],
            any.clone(),
        ),
        (
            "/v1/{role}/dossier/{id}/record",
            "read-record",
            "The application of a dossier and the names of its images; the journal notes who read it.",
            vec![role(), parameter("id", "path", true, "the dossier")],
            any.clone(),
        ),
        (
            "/v1/{role}/dossier/{id}/images/{number}",
            "read-image",
            "An image of a dossier, by its place in the list; the journal notes who saw it.",
            vec![
                role(),
                parameter("id", "path", true, "the dossier"),
                parameter("number", "path", true, "its place, from 0"),
            ],
            json!({ "type": "string", "format": "binary" }),
        ),
        (
            "/v1/centre/dossier/{id}/hits",
            "list-hits",
            "The dossiers whose prints are like those of this one, the best first.",
            vec![parameter("id", "path", true, "the dossier")],
            list.clone(),
        ),
        (
            "/v1/centre/queue",
            "list-queue",
            "Undecided dossiers by the day on which their decision is due, the most urgent first.",
            vec![
                parameter(
                    "by",
                    "query",
                    false,
                    "only those due by this time (RFC 3339)",
                ),
                parameter("limit", "query", false, "at most so many, to 500"),
            ],
            list.clone(),
        ),
        (
            "/v1/{role}/dossier/{id}/acts",
            "list-acts",
            "The acts of a dossier, the first first.",
            vec![role(), parameter("id", "path", true, "the dossier")],
            list.clone(),
        ),
        (
            "/v1/{role}/dossier/{id}/acts/{number}",
            "read-act",
            "The letter of an act (PDF), after its signature is verified; the journal notes who read it.",
            vec![
                role(),
                parameter("id", "path", true, "the dossier"),
                parameter("number", "path", true, "its number"),
            ],
            json!({ "type": "string", "format": "binary" }),
        ),
        (
            "/v1/{role}/dossier/{id}/acts/{number}/signed",
            "read-signed-act",
            "An act as it was signed (CMS, CAdES-BES, the letter inside); the journal notes who read it.",
            vec![
                role(),
                parameter("id", "path", true, "the dossier"),
                parameter("number", "path", true, "its number"),
            ],
            json!({ "type": "string", "format": "binary" }),
        ),
        (
            "/v1/{role}/dossier/{id}/papers",
            "list-papers",
            "The papers of a dossier.",
            vec![role(), parameter("id", "path", true, "the dossier")],
            list.clone(),
        ),
        (
            "/v1/{role}/dossier/{id}/papers/{number}",
            "read-paper",
            "A paper as it was scanned (PDF, JPEG or PNG); the journal notes who read it.",
            vec![
                role(),
                parameter("id", "path", true, "the dossier"),
                parameter("number", "path", true, "its number, from 1"),
            ],
            json!({ "type": "string", "format": "binary" }),
        ),
        (
            "/v1/{role}/journal/head",
            "read-head",
            "The last signed head, a C2SP checkpoint.",
            vec![role()],
            json!({ "type": "string" }),
        ),
        (
            "/v1/{role}/journal/inclusion",
            "prove-inclusion",
            "The proof that an entry is in the tree of a size.",
            vec![
                role(),
                parameter("index", "query", true, "the entry"),
                parameter("size", "query", true, "the size"),
            ],
            list.clone(),
        ),
        (
            "/v1/{role}/journal/consistency",
            "prove-consistency",
            "The proof that a tree grew to another.",
            vec![
                role(),
                parameter("old", "query", true, "the old size"),
                parameter("new", "query", true, "the new size"),
            ],
            list.clone(),
        ),
        (
            "/v1/{role}/messages",
            "list-messages",
            "Messages that somebody should look at.",
            vec![
                role(),
                parameter("state", "query", true, "waiting, parked or overdue"),
            ],
            list.clone(),
        ),
        (
            "/v1/{role}/jobs",
            "list-jobs",
            "Jobs of the node; needs the right administer.",
            vec![role(), parameter("state", "query", true, "ready or parked")],
            list.clone(),
        ),
        (
            "/v1/{role}/officers",
            "list-officers",
            "The officers of the node; needs the right administer.",
            vec![role()],
            list.clone(),
        ),
        (
            "/v1/works/blank/{id}/photographs",
            "list-photographs",
            "The photographs of a spoiled card.",
            vec![parameter("id", "path", true, "the card")],
            list.clone(),
        ),
        (
            "/v1/works/blank/{id}/photographs/{number}",
            "read-photograph",
            "A photograph of a spoiled card, as it was taken; the journal notes who looked.",
            vec![
                parameter("id", "path", true, "the card"),
                parameter("number", "path", true, "its number"),
            ],
            any.clone(),
        ),
        (
            "/v1/office/waiting",
            "list-waiting-documents",
            "Documents that wait at the own office for their holders, the first to be recalled first.",
            Vec::new(),
            json!({ "type": "array", "items": { "$ref": "#/components/schemas/WaitingDocument" } }),
        ),
        (
            "/v1/office/dossier/{id}/times",
            "list-free-times",
            "The next free times for an appointment, by the clock of the office.",
            vec![parameter("id", "path", true, "the dossier")],
            times.clone(),
        ),
    ];
    for (path, id, text, parameters, schema) in plain {
        paths.insert(
            path.to_owned(),
            json!({ "get": { "operationId": id, "summary": text, "tags": ["queries"], "parameters": parameters,
                "responses": responses("the answer", schema) } }),
        );
    }
    let sign_in = json!({ "type": "object", "required": ["officer", "password"],
        "properties": { "officer": { "type": "string" }, "password": { "type": "string" } } });
    paths.insert(
        "/v1/sign-in".to_owned(),
        json!({ "post": { "operationId": "sign-in", "summary": "Signs an officer in.", "tags": ["session"], "security": [],
            "requestBody": { "required": true, "content": { "application/json": { "schema": sign_in } } },
            "responses": responses("a token", any.clone()) } }),
    );
    for (path, id, text, takes, gives) in [
        (
            "/v1/applicant",
            "read-applicant",
            "What an applicant sees by number and code of the receipt: the dossier, its documents, who looked.",
            "Receipt",
            json!({ "$ref": "#/components/schemas/ApplicantView" }),
        ),
        (
            "/v1/applicant/times",
            "list-own-free-times",
            "The next free times to collect the document of a receipt; none before it is ready.",
            "Receipt",
            times,
        ),
        (
            "/v1/applicant/appointment",
            "make-own-appointment",
            "Makes an appointment to collect the document of a receipt, or calls it off.",
            "HolderComes",
            any.clone(),
        ),
    ] {
        paths.insert(
            path.to_owned(),
            json!({ "post": { "operationId": id, "tags": ["applicant"], "security": [], "summary": text,
                "requestBody": { "required": true, "content": { "application/json": {
                    "schema": { "$ref": format!("#/components/schemas/{takes}") } } } },
                "responses": responses("what there is", gives) } }),
        );
    }
    let passwords = json!({ "type": "object", "required": ["present", "new"],
        "properties": { "present": { "type": "string" }, "new": { "type": "string", "minLength": 12 } } });
    paths.insert(
        "/v1/password".to_owned(),
        json!({ "post": { "operationId": "change-password", "summary": "Another password; every session ends.", "tags": ["session"],
            "requestBody": { "required": true, "content": { "application/json": { "schema": passwords } } },
            "responses": responses("done", any.clone()) } }),
    );
    let object = json!({ "type": "object" });
    for (path, id, text, open) in [
        (
            "/v1/sign-in/passkey",
            "sign-in-with-passkey",
            "Ends a sign-in by the answer of a passkey: {ticket, assertion {id, client_data, authenticator_data, signature}}, bytes in base64url.",
            true,
        ),
        (
            "/v1/first-start",
            "make-first-administrator",
            "Makes the first administrator of a role with the token of the console: {token, role, site of an office, officer, password}.",
            true,
        ),
        (
            "/v1/passkeys/challenge",
            "begin-passkey",
            "A challenge for a new passkey, good for five minutes.",
            false,
        ),
        (
            "/v1/passkeys",
            "add-passkey",
            "Adds a passkey: {password, passkey: {name, client_data, authenticator_data, key}}, bytes in base64url.",
            false,
        ),
        (
            "/v1/passkeys/{id}/remove",
            "remove-passkey",
            "Removes an own passkey, against the password: {password}.",
            false,
        ),
    ] {
        let parameters = if path.contains("{id}") {
            vec![parameter("id", "path", true, "its name, in base64url")]
        } else {
            Vec::new()
        };
        let mut post = json!({ "operationId": id, "summary": text, "tags": ["session"], "parameters": parameters,
            "requestBody": { "required": true, "content": { "application/json": { "schema": object } } },
            "responses": responses("done", any.clone()) });
        if open {
            post["security"] = json!([]);
        }
        let paths = paths.entry(path).or_insert_with(|| json!({}));
        paths["post"] = post;
    }
    paths.insert(
        "/v1/sign-out".to_owned(),
        json!({ "post": { "operationId": "sign-out", "summary": "Ends the session.", "tags": ["session"],
            "responses": responses("done", any.clone()) } }),
    );
    paths.insert(
        "/v1/{role}/messages/{id}/resend".to_owned(),
        json!({ "post": { "operationId": "resend-message", "summary": "Sends a parked message again; needs the right administer.",
            "tags": ["messages"], "parameters": [role(), parameter("id", "path", true, "its name")],
            "responses": responses("done", any.clone()) } }),
    );
    paths.insert(
        "/v1/{role}/jobs/again/{id}".to_owned(),
        json!({ "post": { "operationId": "begin-job-again", "summary": "Begins a parked job again; needs the right administer.",
            "tags": ["administration"], "parameters": [role(), parameter("id", "path", true, "its name, slashes included")],
            "responses": responses("done", any.clone()) } }),
    );
    for (path, verb, id, text) in [
        (
            "/v1/office/dossier/{id}/resident",
            "post",
            "ask-residents",
            "What the registry of residents has of a person: {code}, the national number.",
        ),
        (
            "/v1/help/cases",
            "get",
            "list-help-cases",
            "The cases of the help desk that somebody sees: the own ones, and all of the site for those who run it.",
        ),
        (
            "/v1/help/cases",
            "post",
            "open-help-case",
            "Opens a case: {page, code, text}.",
        ),
        (
            "/v1/help/cases/{id}",
            "get",
            "read-help-case",
            "A case with what was written.",
        ),
        (
            "/v1/help/cases/{id}",
            "post",
            "add-to-help-case",
            "Adds a text to a case, closes it, or passes it on to the centre: {text, close, pass}.",
        ),
        (
            "/v1/help/articles",
            "get",
            "list-articles",
            "News, manuals, packages and answers, the newest first.",
        ),
        (
            "/v1/help/articles",
            "post",
            "publish-article",
            "Publishes an article: {channel, title_it, title_en, text_it, text_en, roles, until, file}; needs the right administer.",
        ),
        (
            "/v1/help/articles/{id}",
            "get",
            "read-article",
            "An article.",
        ),
        (
            "/v1/help/articles/{id}",
            "delete",
            "withdraw-article",
            "Withdraws an article of this desk; needs the right administer.",
        ),
        (
            "/v1/help/articles/{id}/file",
            "get",
            "read-article-file",
            "The file of an article (PDF, JPEG, PNG or ZIP).",
        ),
    ] {
        let parameters = if path.contains("{id}") {
            vec![parameter("id", "path", true, "its name")]
        } else {
            Vec::new()
        };
        let tag = if path.starts_with("/v1/help") {
            "help"
        } else {
            "queries"
        };
        let mut one = json!({ "operationId": id, "summary": text, "tags": [tag], "parameters": parameters,
            "responses": responses("done", any.clone()) });
        if verb == "post" {
            one["requestBody"] = json!({ "required": true, "content": { "application/json": { "schema": object } } });
        }
        paths.entry(path).or_insert_with(|| json!({}))[verb] = one;
    }
    grant_paths(paths);
    let actor = json!({ "allOf": [{ "$ref": "#/components/schemas/Actor" },
        { "type": "object", "properties": { "own_password": { "type": "string" } }, "required": ["own_password"] }] });
    paths["/v1/{role}/officers"]["post"] = json!({ "operationId": "name-officer",
        "summary": "Names an officer, or gives one other rights: {officer, site, rights, profiles, own_password}. The new password is given once, and is good for choosing another within a week. Needs the right administer.",
        "tags": ["administration"], "parameters": [role()],
        "requestBody": { "required": true, "content": { "application/json": { "schema": actor } } },
        "responses": responses("the password", any.clone()) });
    paths.insert(
        "/v1/{role}/officers/{name}".to_owned(),
        json!({ "delete": { "operationId": "remove-officer", "summary": "Takes an officer's rights away; needs the right administer.",
            "tags": ["administration"], "parameters": [role(), parameter("name", "path", true, "name.surname")],
            "responses": responses("done", any) } }),
    );
}

/// Rights for a time, cards and workstations.
fn grant_paths(paths: &mut Map<String, Value>) {
    let schema = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    let body = |name: &str| json!({ "required": true, "content": { "application/json": { "schema": schema(name) } } });
    paths.insert(
        "/v1/grants".to_owned(),
        json!({ "get": { "operationId": "list-grants",
            "summary": "Rights for a time: the own ones, and all of the site for those who administer or audit it.",
            "tags": ["administration"], "parameters": [],
            "responses": responses("the grants", json!({ "type": "array", "items": schema("ShownGrant") })) } }),
    );
    for (path, id, text, request) in [
        (
            "/v1/substitutions",
            "ask-substitution",
            "Asks that somebody stands in for somebody; another administrator approves it.",
            "SubstitutionRequest",
        ),
        (
            "/v1/emergencies",
            "take-in-emergency",
            "Takes a right at once, for at most an hour; it alarms until somebody else has looked at it.",
            "EmergencyRequest",
        ),
    ] {
        paths.insert(
            path.to_owned(),
            json!({ "post": { "operationId": id, "summary": text, "tags": ["administration"], "parameters": [],
                "requestBody": body(request), "responses": responses("the grant", schema("Grant")) } }),
        );
    }
    paths.insert(
        "/v1/cards".to_owned(),
        json!({ "get": { "operationId": "list-cards",
            "summary": "Smart cards of officers: the own ones, and all of the site for those who administer it.",
            "tags": ["administration"], "parameters": [],
            "responses": responses("the cards", json!({ "type": "array", "items": schema("Card") })) },
            "post": { "operationId": "issue-card", "summary": "Makes out a card from the request that it signed.",
            "tags": ["administration"], "parameters": [], "requestBody": body("CardRequest"),
            "responses": responses("the card", schema("Card")) } }),
    );
    paths.insert(
        "/v1/cards/{id}/{step}".to_owned(),
        json!({ "post": { "operationId": "step-card", "summary": "Sends, receives or blocks a card: {why} says why it is blocked.",
            "tags": ["administration"],
            "parameters": [parameter("id", "path", true, "its name"), parameter("step", "path", true, "ship, receive or block")],
            "requestBody": { "required": true, "content": { "application/json": { "schema": { "type": "object" } } } },
            "responses": responses("the card", schema("Card")) } }),
    );
    paths.insert(
        "/v1/workstations".to_owned(),
        json!({ "get": { "operationId": "list-workstations", "summary": "The workstations of a site; needs the right administer.",
            "tags": ["administration"], "parameters": [],
            "responses": responses("the workstations", json!({ "type": "array", "items": schema("Workstation") })) },
            "post": { "operationId": "register-workstation",
            "summary": "Registers a workstation: {name}; its token is given once, and goes with the sign-in.",
            "tags": ["administration"], "parameters": [],
            "requestBody": { "required": true, "content": { "application/json": { "schema": { "type": "object" } } } },
            "responses": responses("the workstation and its token", json!({ "type": "object" })) } }),
    );
    paths.insert(
        "/v1/workstations/seen".to_owned(),
        json!({ "post": { "operationId": "see-workstation", "summary": "Notes which bridge is beside a browser: {token, bridge}.",
            "tags": ["administration"], "parameters": [],
            "requestBody": { "required": true, "content": { "application/json": { "schema": { "type": "object" } } } },
            "responses": responses("done", json!({ "type": "object" })) } }),
    );
    paths.insert(
        "/v1/alarms".to_owned(),
        json!({ "get": { "operationId": "list-alarms",
            "summary": "The emergencies of others at which nobody has looked, for those who administer or audit.",
            "tags": ["administration"], "parameters": [],
            "responses": responses("their names", json!({ "type": "array", "items": { "type": "string" } })) } }),
    );
    paths.insert(
        "/v1/workstations/{id}/{step}".to_owned(),
        json!({ "post": { "operationId": "step-workstation", "summary": "Blocks a workstation, or opens it again.",
            "tags": ["administration"],
            "parameters": [parameter("id", "path", true, "its name"), parameter("step", "path", true, "block or open")],
            "responses": responses("the workstation", schema("Workstation")) } }),
    );
    paths.insert(
        "/v1/operators-authority".to_owned(),
        json!({ "get": { "operationId": "read-operators-authority", "summary": "The certificate of the operators' authority, in PEM.",
            "tags": ["administration"], "parameters": [],
            "responses": responses("the certificate", json!({ "type": "string" })) } }),
    );
    paths.insert(
        "/v1/grants/{id}/{step}".to_owned(),
        json!({ "post": { "operationId": "step-grant", "summary": "Approves, refuses, ends or reviews a grant.",
            "tags": ["administration"],
            "parameters": [parameter("id", "path", true, "its name"), parameter("step", "path", true, "approve, refuse, end or review")],
            "responses": responses("the grant", schema("Grant")) } }),
    );
}

/// The whole description.
#[must_use]
pub fn openapi() -> Value {
    let settings = schemars::generate::SchemaSettings::draft2020_12()
        .with(|settings| settings.definitions_path = "/components/schemas".into());
    let mut generator = settings.into_generator();
    let mut paths = Map::new();
    let commands = generator.root_schema_for::<Command>().to_value();
    command_paths(&commands, &mut paths);
    query_paths(&mut generator, &mut paths);
    other_paths(&mut paths);
    generator.subschema_for::<Answer>();
    generator.subschema_for::<Session>();
    generator.subschema_for::<Receipt>();
    generator.subschema_for::<ApplicantView>();
    generator.subschema_for::<HolderComes>();
    generator.subschema_for::<WaitingDocument>();
    generator.subschema_for::<ShownFindings>();
    generator.subschema_for::<CertificateEntry>();
    generator.subschema_for::<Workstation>();
    generator.subschema_for::<Card>();
    generator.subschema_for::<CardRequest>();
    generator.subschema_for::<ShownGrant>();
    generator.subschema_for::<Grant>();
    generator.subschema_for::<SubstitutionRequest>();
    generator.subschema_for::<EmergencyRequest>();
    let mut schemas = generator.take_definitions(true);
    schemas.insert(
        "Fault".to_owned(),
        json!({ "type": "object", "required": ["code", "en", "it"], "properties": {
            "code": { "type": "string", "description": "stable" },
            "en": { "type": "string" }, "it": { "type": "string" },
            "remedy_en": { "type": "string" }, "remedy_it": { "type": "string" } } }),
    );
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Rilascio", "version": env!("CARGO_PKG_VERSION"),
            "description": "Commands and queries of the issuing circuit. Rights are checked here." },
        "servers": [{ "url": "/" }],
        "security": [{ "token": [] }],
        "paths": paths,
        "components": { "schemas": schemas, "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } } },
    })
}
