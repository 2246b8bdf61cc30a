//! What AWS asks for what we make. The one place with figures of money in it; they are AWS's list prices on the day named here,
//! before tax, and not asked for anew.

/// When the prices were looked up.
pub(crate) const AS_OF: &str = "March 2026";
/// Where AWS lists them.
pub(crate) const SOURCE: &str = "https://aws.amazon.com/fargate/pricing/";

/// Dollars in one region.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Prices {
    region: &'static str,
    /// An hour of one vCPU, and of one GiB, on Linux.
    x86_64: (f64, f64),
    arm64: (f64, f64),
    /// An hour of a public IPv4 address.
    address: f64,
    /// A million write and a million read request units of DynamoDB, on demand.
    writes: f64,
    reads: f64,
}

const KNOWN: [Prices; 1] = [Prices {
    region: "us-east-1",
    x86_64: (0.040_48, 0.004_445),
    arm64: (0.032_38, 0.003_56),
    address: 0.005,
    writes: 0.625,
    reads: 0.125,
}];

/// The size of what runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) tasks: u32,
    /// 1024 are one vCPU.
    pub(crate) cpu_units: u32,
    pub(crate) memory_mib: u32,
    pub(crate) arm64: bool,
    pub(crate) public_address: bool,
}

/// What a size costs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Cost {
    /// Dollars for a day of its tasks and their addresses.
    pub(crate) day: f64,
    /// Dollars for a million `add_note`, each of which is two writes.
    pub(crate) million_notes: f64,
    /// Dollars for a million reads of up to 4 KB, strongly consistent.
    pub(crate) million_reads: f64,
}

/// What a size costs in a region, where that is known.
pub(crate) fn cost(region: &str, size: &Size) -> Option<Cost> {
    let prices = KNOWN.iter().find(|prices| prices.region == region)?;
    let (cpu, memory) = if size.arm64 { prices.arm64 } else { prices.x86_64 };
    let address = if size.public_address { prices.address } else { 0.0 };
    let hour = f64::from(size.cpu_units) / 1024.0 * cpu + f64::from(size.memory_mib) / 1024.0 * memory + address;
    Some(Cost {
        day: 24.0 * hour * f64::from(size.tasks),
        million_notes: 2.0 * prices.writes,
        million_reads: prices.reads,
    })
}

/// The cost in one sentence, or that it is not known.
pub(crate) fn sentence(region: &str, size: &Size) -> String {
    match cost(region, size) {
        Some(cost) => format!(
            "${:.2} a day while it runs, ${:.2} for a million notes written, ${:.3} for a million reads; storage, backup and log by the GB (list prices of {AS_OF}, {SOURCE})",
            cost.day, cost.million_notes, cost.million_reads
        ),
        None => {
            format!("not known for {region} here; see {SOURCE} (in us-east-1 it would be: {})", default_sentence(size))
        }
    }
}

fn default_sentence(size: &Size) -> String {
    cost("us-east-1", size).map_or_else(String::new, |cost| format!("${:.2} a day", cost.day))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn smallest() -> Size {
        Size { tasks: 1, cpu_units: 256, memory_mib: 512, arm64: false, public_address: true }
    }

    #[test]
    fn a_day_of_the_smallest_task_is_the_sum_of_its_parts() {
        let day = cost("us-east-1", &smallest()).unwrap().day;
        assert!((day - 24.0 * (0.25 * 0.04048 + 0.5 * 0.004445 + 0.005)).abs() < 1e-9);
        let two = cost("us-east-1", &Size { tasks: 2, ..smallest() }).unwrap().day;
        assert!((two - 2.0 * day).abs() < 1e-9);
        assert!(cost("us-east-1", &Size { arm64: true, ..smallest() }).unwrap().day < day);
    }

    #[test]
    fn an_unknown_price_is_said_to_be_unknown() {
        assert_eq!(cost("mars-north-1", &smallest()), None);
        assert!(sentence("mars-north-1", &smallest()).starts_with("not known for mars-north-1"));
    }
}
