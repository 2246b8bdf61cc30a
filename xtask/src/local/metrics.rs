//! The port of the metrics.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The value of `--metrics-port`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum MetricsPort {
    /// No metrics.
    Off,
    /// A port on 127.0.0.1. 0 until a free one was chosen.
    Port(u16),
}

impl MetricsPort {
    /// The port if the command line names none.
    pub(crate) const DEFAULT: u16 = 9464;

    /// Returns the address of the metrics, if they are served.
    pub(crate) fn url(self) -> Option<String> {
        match self {
            Self::Off => None,
            Self::Port(port) => Some(format!("http://127.0.0.1:{port}/metrics")),
        }
    }
}

/// The form that the service reads from `MCP_METRICS_PORT`.
impl fmt::Display for MetricsPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::Port(port) => port.fmt(f),
        }
    }
}

impl FromStr for MetricsPort {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "off" => Ok(Self::Off),
            _ => text.parse().map(Self::Port).map_err(|_| "expected a port (0 to 65535) or `off`".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn port_or_off_is_accepted() {
        assert_eq!("off".parse(), Ok(MetricsPort::Off));
        assert_eq!("9464".parse(), Ok(MetricsPort::Port(9464)));
        assert!("65536".parse::<MetricsPort>().is_err());
        assert!("none".parse::<MetricsPort>().is_err());
    }
}
