//! Where a dossier can go because another node moved it: its words may be late, doubled or missing.

use super::{Dossier, OrderId, Phase};

impl Dossier {
    /// Whether the centre's newest word can move the office's dossier there: it may have missed words between.
    pub(super) fn can_obey(&self, phase: Phase, order: Option<&OrderId>) -> bool {
        use Phase as P;
        let sent = self.phase >= P::Submitted && !self.phase.is_end();
        match phase {
            // An appeal brought a refused dossier back to its desk.
            P::Draft | P::Refused if self.phase == P::Refused => true,
            // The document came from works that the centre had given up: it is blocked, and another is made.
            P::Certified if self.phase == P::HandedOver => {
                order.is_some() && order == self.order.as_ref()
            }
            // The word before that one came too late.
            P::Ordered if self.phase == P::HandedOver => {
                order.is_some_and(|order| order.attempt() > self.orders)
            }
            P::Draft | P::Examination | P::Refused => sent && self.phase < P::Certified,
            // It is being made, or came: that it was ordered is no news any more.
            P::Ordered if self.phase > P::Ordered && order == self.order.as_ref() => false,
            P::Certified | P::Ordered | P::Cancelled => sent,
            _ => false,
        }
    }

    /// Whether another node can have moved the dossier from here to there.
    pub(super) fn can_follow(&self, phase: Phase) -> bool {
        use Phase as P;
        match self.phase {
            P::Submitted => matches!(
                phase,
                P::Draft
                    | P::Examination
                    | P::Certified
                    | P::Ordered
                    | P::InProduction
                    | P::Produced
                    | P::Dispatched
                    | P::Refused
                    | P::Cancelled
            ),
            P::Examination | P::Proposed | P::Authorised => matches!(
                phase,
                P::Draft
                    | P::Certified
                    | P::Ordered
                    | P::InProduction
                    | P::Produced
                    | P::Dispatched
                    | P::Refused
                    | P::Cancelled
            ),
            P::Certified | P::Ordered | P::InProduction | P::Produced | P::Dispatched => {
                // A document that failed goes back to be made again.
                phase == P::Certified
                    || phase == P::Cancelled
                    // Its parcel came back.
                    || (self.phase == P::Dispatched && phase == P::Produced)
                    || (phase > self.phase && phase <= P::Recalled)
            }
            P::AtOffice => matches!(
                phase,
                P::Certified | P::Activated | P::HandedOver | P::Recalled | P::Cancelled
            ),
            P::Activated => matches!(phase, P::HandedOver | P::Certified | P::Recalled),
            // It was given back, and came to nothing at its office.
            P::Draft => phase == P::Cancelled,
            P::Enrolled | P::HandedOver | P::Recalled | P::Refused | P::Cancelled => false,
        }
    }
}
