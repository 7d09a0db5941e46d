//! The material balance: no blank is ever unaccounted for (Doc 9303-2, 4.3).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where a blank counts.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Bucket {
    /// In a vault or on a shift's table, without a holder.
    InStock,
    /// Bound to an order.
    InProduction,
    /// Finished and not yet with its holder.
    InTransit,
    /// With its holder.
    HandedOver,
    /// Spoiled and kept for destruction.
    Spoiled,
    /// Destroyed before witnesses.
    Destroyed,
    /// Not found.
    Missing,
}

/// How many blanks are where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Balance {
    /// Ever received.
    pub received: u64,
    /// [`Bucket::InStock`].
    pub in_stock: u64,
    /// [`Bucket::InProduction`].
    pub in_production: u64,
    /// [`Bucket::InTransit`].
    pub in_transit: u64,
    /// [`Bucket::HandedOver`].
    pub handed_over: u64,
    /// [`Bucket::Spoiled`].
    pub spoiled: u64,
    /// [`Bucket::Destroyed`].
    pub destroyed: u64,
    /// [`Bucket::Missing`].
    pub missing: u64,
}

impl Balance {
    /// The count of a bucket.
    pub fn of(&mut self, bucket: Bucket) -> &mut u64 {
        match bucket {
            Bucket::InStock => &mut self.in_stock,
            Bucket::InProduction => &mut self.in_production,
            Bucket::InTransit => &mut self.in_transit,
            Bucket::HandedOver => &mut self.handed_over,
            Bucket::Spoiled => &mut self.spoiled,
            Bucket::Destroyed => &mut self.destroyed,
            Bucket::Missing => &mut self.missing,
        }
    }

    /// Moves one blank from a bucket, or from outside, to another.
    ///
    /// False when the bucket that it leaves is empty: the books are wrong.
    pub fn step(&mut self, from: Option<Bucket>, to: Bucket) -> bool {
        match from {
            None => self.received += 1,
            Some(from) => {
                let count = self.of(from);
                let Some(rest) = count.checked_sub(1) else {
                    return false;
                };
                *count = rest;
            }
        }
        *self.of(to) += 1;
        true
    }

    /// True when every blank that was received is somewhere.
    #[must_use]
    pub fn holds(&self) -> bool {
        let places = [
            self.in_stock,
            self.in_production,
            self.in_transit,
            self.handed_over,
            self.spoiled,
            self.destroyed,
            self.missing,
        ];
        places.iter().sum::<u64>() == self.received
    }
}
