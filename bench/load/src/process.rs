//! Processor time and memory of a process, as Linux tells them; nothing elsewhere.

use std::fs;

/// Linux gives times to user space in hundredths of a second, whatever its own clock (proc(5)).
const TICK_SECONDS: f64 = 0.01;

/// Processor time since the process began, over all its threads, in seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct CpuTime {
    pub(crate) user: f64,
    pub(crate) kernel: f64,
}

impl CpuTime {
    /// Of a process; `None` where there is no `/proc` or no such process.
    pub(crate) fn of(pid: u32) -> Option<Self> {
        parse_stat(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    /// Of this process.
    pub(crate) fn own() -> Option<Self> {
        Self::of(std::process::id())
    }

    /// What was spent since.
    pub(crate) fn since(self, earlier: Self) -> Self {
        Self { user: self.user - earlier.user, kernel: self.kernel - earlier.kernel }
    }

    /// User and kernel together.
    pub(crate) fn total(self) -> f64 {
        self.user + self.kernel
    }
}

/// Nanoseconds that this thread ran; finer than ticks, and blind to who else uses the machine.
pub(crate) fn thread_nanos() -> Option<u64> {
    fs::read_to_string("/proc/thread-self/schedstat").ok()?.split(' ').next()?.parse().ok()
}

/// Resident memory in bytes, now and at its highest.
pub(crate) fn memory(pid: u32) -> Option<(u64, u64)> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    Some((kilobytes(&status, "VmRSS:")?, kilobytes(&status, "VmHWM:")?))
}

fn kilobytes(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
}

fn parse_stat(stat: &str) -> Option<CpuTime> {
    // The second field is the program's name in parentheses, which may hold anything.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut seconds = || Some(fields.next()?.parse::<f64>().ok()? * TICK_SECONDS);
    Some(CpuTime { user: seconds()?, kernel: seconds()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_spaces_and_parentheses_does_not_shift_the_fields() {
        let stat = "7 (a) b (c)) S 1 7 7 0 -1 4194304 100 0 0 0 1234 56 0 0 20 0 4 0 99";
        assert_eq!(parse_stat(stat), Some(CpuTime { user: 12.34, kernel: 0.56 }));
    }

    #[test]
    fn memory_is_in_bytes() {
        assert_eq!(kilobytes("Name:\tx\nVmRSS:\t  12 kB\n", "VmRSS:"), Some(12 * 1024));
    }
}
