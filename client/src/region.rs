//! The two places where SendGrid keeps accounts.

/// Where the account, or the subuser, lives. The numbers are part of the ABI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[repr(i32)]
pub enum Region {
    /// api.sendgrid.com
    #[default]
    Global = 0,
    /// api.eu.sendgrid.com, for EU regional subusers
    Eu = 1,
}

impl Region {
    /// The region with this number, if there is one.
    #[must_use]
    pub fn from_i32(number: i32) -> Option<Region> {
        match number {
            0 => Some(Region::Global),
            1 => Some(Region::Eu),
            _ => None,
        }
    }

    /// The other one: where a key that is refused here may belong.
    pub(crate) fn other(self) -> Region {
        match self {
            Region::Global => Region::Eu,
            Region::Eu => Region::Global,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Region::Global => "global",
            Region::Eu => "EU",
        }
    }

    pub(crate) fn default_base_url(self) -> &'static str {
        match self {
            Region::Global => "https://api.sendgrid.com",
            Region::Eu => "https://api.eu.sendgrid.com",
        }
    }
}
