//! The cost of a deployment. The only module with prices: AWS's list prices of a named month, before tax. They are not
//! updated from AWS. `infra/prices.json` lists the prices of all resources.

#[cfg(test)]
mod list;

/// The month of the prices.
pub(crate) const AS_OF: &str = "March 2026";
/// The page on which AWS lists them.
pub(crate) const SOURCE: &str = "https://aws.amazon.com/fargate/pricing/";

/// Prices in one region, in US dollars.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Prices {
    region: &'static str,
    /// One vCPU for an hour, and one GiB for an hour, on Linux.
    x86_64: (f64, f64),
    arm64: (f64, f64),
    /// One public IPv4 address for an hour.
    address: f64,
    /// A million write request units of DynamoDB, on demand.
    writes: f64,
    /// A million read request units of DynamoDB, on demand.
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

/// The size of a deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) tasks: u32,
    /// 1024 units are one vCPU.
    pub(crate) cpu_units: u32,
    pub(crate) memory_mib: u32,
    pub(crate) arm64: bool,
    pub(crate) public_address: bool,
}

/// The cost of a deployment, in US dollars.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Cost {
    /// Its tasks and their addresses for a day.
    pub(crate) day: f64,
    /// A million calls of `add_note`, each of which is two writes.
    pub(crate) million_notes: f64,
    /// A million strongly consistent reads of up to 4 KB.
    pub(crate) million_reads: f64,
}

/// Returns the cost of a size in a region. `None` if the region's prices are unknown.
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

/// Formats the cost as one sentence. It names a price page if the region's prices are unknown.
pub(crate) fn sentence(region: &str, size: &Size) -> String {
    match cost(region, size) {
        Some(cost) => format!(
            "${:.2} a day while it runs, ${:.2} for a million notes written, ${:.3} for a million reads; storage, backup and log by the GB (list prices of {AS_OF}, {SOURCE})",
            cost.day, cost.million_notes, cost.million_reads
        ),
        None => {
            format!("unknown for {region}; see {SOURCE} (in us-east-1: {})", default_sentence(size))
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
    fn day_is_the_sum_of_its_parts() {
        let day = cost("us-east-1", &smallest()).unwrap().day;
        assert!((day - 24.0 * (0.25 * 0.04048 + 0.5 * 0.004445 + 0.005)).abs() < 1e-9);
        let two = cost("us-east-1", &Size { tasks: 2, ..smallest() }).unwrap().day;
        assert!((two - 2.0 * day).abs() < 1e-9);
        assert!(cost("us-east-1", &Size { arm64: true, ..smallest() }).unwrap().day < day);
    }

    #[test]
    fn unknown_region_has_no_price() {
        assert_eq!(cost("mars-north-1", &smallest()), None);
        assert!(sentence("mars-north-1", &smallest()).starts_with("unknown for mars-north-1"));
    }
}
