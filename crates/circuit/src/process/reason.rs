//! Why a command is refused: one line per rule, in both languages, each with what to do.

use crate::rules::Refusal;

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $code:literal: $it:literal, $en:literal; $remedy_it:literal, $remedy_en:literal.)*) => {
        /// A rule of the circuit.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Reason {
            $($(#[$doc])* $name,)*
        }

        impl Reason {
            /// Every rule.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The refusal that names it.
            #[must_use]
            pub fn refusal(self) -> Refusal {
                match self {
                    $(Self::$name => Refusal::new($code, $it, $en, $remedy_it, $remedy_en),)*
                }
            }
        }
    };
}

reasons! {
    /// The actor lacks the right.
    Right = "circuit.right":
        "l'operatore non ha l'abilitazione necessaria", "the officer lacks the right for this";
        "chiedere a un operatore abilitato", "ask an officer who has it".
    /// The actor works elsewhere.
    Site = "circuit.site":
        "la pratica o il materiale è di un'altra sede", "the dossier or material belongs to another site";
        "rivolgersi a quella sede", "turn to that site".
    /// The actor works on other documents.
    Profile = "circuit.profile":
        "l'operatore non lavora su questo tipo di documento", "the officer does not work on this kind of document";
        "chiedere a un operatore che ci lavora", "ask an officer who does".
    /// Not there.
    Unknown = "circuit.unknown":
        "non esiste", "there is no such thing";
        "controllare il numero", "check the number".
    /// There already.
    Exists = "circuit.exists":
        "esiste già", "it is there already";
        "usare quello che c'è, o un altro numero", "use the one that is there, or another number".
    /// The state does not allow it.
    State = "circuit.state":
        "lo stato attuale non lo permette", "the present state does not allow it";
        "aggiornare la pagina e seguire il passo indicato", "reload and take the step that is due".
    /// It may be allowed when an earlier message has come.
    NotYet = "circuit.not-yet":
        "manca ancora un passo precedente", "an earlier step has not come yet";
        "attendere: il sistema riprova da solo", "wait: the system tries again by itself".
    /// A password that is guessed.
    Password = "circuit.password":
        "la password è troppo corta, troppo lunga o facile da indovinare", "the password is too short, too long or easily guessed";
        "sceglierne un'altra, da 12 a 256 caratteri, senza nomi, parole comuni o sequenze", "choose another one, of 12 to 256 characters, without names, common words or sequences".
    /// The officer's own password is wrong.
    PasswordWrong = "circuit.password-wrong":
        "la propria password non è giusta", "your own password is not right";
        "scriverla di nuovo", "type it again".
    /// The first password was not replaced in time.
    PasswordEnded = "circuit.password-ended":
        "la prima password non è stata cambiata in tempo e non vale più", "the first password was not changed in time and is not valid any more";
        "farsi nominare di nuovo da chi amministra la sede", "be named anew by who administers the site".
    /// The first password is only good for choosing another.
    PasswordFirst = "circuit.password-first":
        "prima va scelta una propria password", "a password of your own has to be chosen first";
        "sceglierla nella pagina dell'account, poi accedere di nuovo", "choose it on the account page, then sign in again".
    /// The second factor is missing.
    Passkey = "circuit.passkey":
        "serve l'accesso con una passkey", "signing in with a passkey is needed for this";
        "aggiungere una passkey nella pagina dell'account e accedere di nuovo", "add a passkey on the account page and sign in again".
    /// Nobody works at this workstation.
    Workstation = "circuit.workstation":
        "la postazione non è registrata, o è bloccata", "this workstation is not registered, or is blocked";
        "accedere da una postazione registrata, o farla registrare da chi amministra la sede", "sign in at a registered one, or have it registered by who administers the site".
    /// The officer's card is not there.
    Card = "circuit.card":
        "serve la carta dell'operatore", "the officer's card is needed for this";
        "inserire la carta nel lettore, scegliere il suo certificato nel browser e accedere di nuovo", "put the card into its reader, choose its certificate in the browser and sign in again".
    /// Somebody who had a hand in it before.
    FourEyes = "circuit.four-eyes":
        "chi ha già trattato la pratica non può fare questo passo", "somebody who handled the dossier before cannot take this step";
        "far procedere un altro operatore", "let another officer do it".
    /// One person for a step of two.
    TwoPeople = "circuit.two-people":
        "servono due persone diverse", "two different people are needed";
        "indicare un secondo operatore presente", "name a second officer who is present".
    /// One person from enrolment to hand-over.
    Alone = "circuit.alone":
        "nessuno può portare una pratica da solo dall'acquisizione al rilascio", "nobody may carry a dossier alone from enrolment to hand-over";
        "far consegnare da un altro operatore", "let another officer hand it over".
    /// The holder did not confirm.
    Unconfirmed = "circuit.holder-confirmation":
        "il titolare non ha confermato i dati", "the holder has not confirmed the data";
        "far rileggere e firmare i dati al titolare", "let the holder read and sign the data".
    /// The office has not started yet.
    RolloutBefore = "circuit.rollout":
        "l'ufficio non è ancora attivato per questo documento", "the office has not been opened for this document yet";
        "usare la procedura precedente fino alla data di avvio", "use the old procedure until the starting day".
    /// The old procedure is closed.
    LegacyClosed = "circuit.legacy-closed":
        "la procedura precedente è chiusa per questo ufficio", "the old procedure is closed at this office";
        "usare la nuova procedura o chiedere una deroga", "use the new procedure or ask for an exception".
    /// Prints have not been searched.
    NotIdentified = "circuit.identification":
        "l'identificazione dattiloscopica non è conclusa", "the fingerprints have not been identified";
        "attendere l'esito o esaminare i riscontri", "wait for the answer or examine the hits".
    /// Identification found another identity.
    OtherIdentity = "circuit.other-identity":
        "le impronte appartengono a un'altra identità", "the prints belong to another identity";
        "proporre il rifiuto", "propose a refusal".
    /// Findings have not been examined.
    NotScreened = "circuit.screening":
        "la ricerca di pratiche doppie e di segnalazioni non è conclusa", "the search for other dossiers and watch-list entries is not finished";
        "esaminare i riscontri della pratica", "examine the findings of the dossier".
    /// Findings came that the officer did not see.
    FindingsChanged = "circuit.findings-changed":
        "i riscontri sono cambiati da quando sono stati letti", "the findings have changed since they were read";
        "rileggere i riscontri e giudicarli di nuovo", "read the findings again and judge them anew".
    /// A finding stands against a grant.
    Listed = "circuit.findings":
        "un riscontro impedisce il rilascio", "a finding stands against a grant";
        "proporre il rifiuto", "propose a refusal".
    /// A suspicion waits for its judgement.
    Suspected = "circuit.suspicion":
        "un sospetto di frode attende il giudizio", "the suspicion of a fraud waits for its judgement";
        "far giudicare il sospetto a un altro operatore", "let another officer judge the suspicion".
    /// It is a fraud.
    Fraud = "circuit.fraud":
        "la frode è accertata", "the fraud is established";
        "proporre il rifiuto", "propose a refusal".
    /// Residence has not been confirmed.
    NotVerified = "circuit.residence":
        "l'anagrafe non ha confermato i dati", "the registry of residents has not confirmed the data";
        "attendere l'esito o restituire la pratica", "wait for the answer or return the dossier".
    /// The record is frozen.
    Certified = "circuit.certified":
        "il record è certificato e non si modifica", "the record is certified and cannot be changed";
        "annullare la pratica e aprirne una di rettifica", "cancel the dossier and open one for a correction".
    /// A live order.
    LiveOrder = "circuit.live-order":
        "la pratica ha già un ordine in corso", "the dossier has a live order already";
        "attendere l'esito dell'ordine o annullarlo", "wait for the order's answer or cancel it".
    /// A live document.
    LiveDocument = "circuit.live-document":
        "l'ordine ha già un documento", "the order has a document already";
        "scartare prima quel documento", "spoil that document first".
    /// Activation is missing.
    NotActivated = "circuit.activation":
        "il documento non è attivato", "the document has not been activated";
        "attivarlo prima della consegna", "activate it before handing it over".
    /// The holder was not checked.
    HolderUnchecked = "circuit.holder-check":
        "l'identità del titolare non è verificata", "the holder's identity has not been checked";
        "confrontare volto o impronta con il documento", "compare face or finger with the document".
    /// The old document is missing.
    OldDocument = "circuit.surrender":
        "manca il vecchio documento o la denuncia di furto o smarrimento", "the old document, or a report of loss or theft, is missing";
        "ritirare il documento o allegare la denuncia", "take the document in or attach the report".
    /// No medical certificate.
    Medical = "circuit.medical-certificate":
        "manca il certificato medico", "the medical certificate is missing";
        "allegare il certificato medico", "attach the medical certificate".
    /// Not in this profile.
    NotOffered = "circuit.not-offered":
        "il profilo del documento non lo prevede", "the document's profile does not offer it";
        "scegliere una soluzione prevista", "choose what the profile offers".
    /// No urgency for paper.
    Urgency = "circuit.urgency":
        "il documento cartaceo è ammesso solo nei casi previsti", "paper is allowed in the listed cases only";
        "documentare uno dei casi previsti o emettere il documento elettronico", "document one of the cases, or issue the electronic document".
    /// Not due yet.
    TooEarly = "circuit.too-early":
        "il termine non è ancora trascorso", "the term has not passed yet";
        "attendere la scadenza del termine", "wait until the term is over".
    /// Papers or an answer may still come.
    TermStands = "circuit.term-stands":
        "il termine è sospeso: si attendono documenti o osservazioni", "the term stands still: papers or an answer may still come";
        "attendere che arrivino o che scada il tempo dato", "wait until they come or their time is over".
    /// Papers are asked for once.
    AskedBefore = "circuit.asked-before":
        "i documenti mancanti sono già stati chiesti: il termine si sospende una sola volta", "papers were asked for before: the term stands still once only";
        "decidere con quanto è agli atti", "decide on what is there".
    /// No refusal without notice.
    NoNotice = "circuit.notice":
        "manca la comunicazione dei motivi che ostano all'accoglimento", "the notice of the grounds against a grant is missing";
        "comunicare i motivi e attendere le osservazioni", "give notice of the grounds and wait for the answer".
    /// No refusal without reasons.
    NoReasons = "circuit.reasons":
        "un atto che non accoglie deve dire perché", "an act that does not grant has to say why";
        "scrivere i motivi", "write the reasons".
    /// The appeal came too late.
    AppealLate = "circuit.appeal-late":
        "il termine per il ricorso è trascorso", "the time for an appeal has passed";
        "non si può più registrare; l'atto va restituito", "it cannot be noted any more; give the act back".
    /// The document is blocked.
    Blocked = "circuit.blocked":
        "il documento è bloccato", "the document is blocked";
        "trattenerlo e segnalarlo", "keep it and report it".
    /// Nobody is received then.
    NoAppointment = "circuit.no-appointment":
        "in quel momento l'ufficio non riceve su appuntamento per questo documento", "the office has no appointments then for this document";
        "scegliere uno degli orari liberi, da domani e prima che il documento sia richiamato", "choose one of the free times, from tomorrow and before the document is recalled".
    /// Others come then.
    SlotTaken = "circuit.slot-taken":
        "l'orario è già occupato", "others come at that time";
        "scegliere un altro orario libero", "choose another free time".
    /// The photograph is missing.
    NoPhotograph = "circuit.photograph":
        "manca la fotografia della carta guasta", "the photograph of the spoiled card is missing";
        "fotografare la carta prima di distruggerla", "photograph the card before it is destroyed".
    /// Not of this parcel.
    NotInParcel = "circuit.parcel":
        "un documento non è di questa spedizione", "a document is not of this consignment";
        "controllare la distinta", "check the list".
    /// No number is left for these works.
    NumbersUsedUp = "circuit.numbers":
        "i numeri di questo stabilimento per questo documento sono finiti", "these works have no numbers left for this document";
        "ampliare il formato del numero nel profilo, o far produrre un altro stabilimento", "widen the number pattern of the profile, or let other works make it".
    /// Asked for too often.
    TooOften = "circuit.too-often":
        "troppe richieste in poco tempo", "too many requests in a short time";
        "attendere qualche minuto", "wait a few minutes".
    /// Too many at once.
    TooMany = "circuit.too-many":
        "troppi elementi in una volta", "too many at once";
        "dividere in più operazioni", "divide it into several operations".
    /// A term or text that is empty or wrong.
    Malformed = "circuit.malformed":
        "un dato del comando manca o è errato", "something in the command is missing or wrong";
        "correggere il dato", "correct it".
}
