//! Curves as SVG files, drawn from the stored figures.

use crate::Outcome;
use crate::results::Results;
use plotters::prelude::*;
use std::fs;
use std::path::Path;

/// One picture: lines of figures over a size.
struct Plot {
    file: &'static str,
    title: &'static str,
    x: &'static str,
    y: &'static str,
    section: &'static str,
    measure: &'static str,
    lines: &'static [Line],
}

/// The works whose names begin with this, up to a size in them.
struct Line {
    label: &'static str,
    /// What stands before the size, and what behind it.
    work: (&'static str, &'static str),
    of: &'static str,
}

/// Draws every picture that there are figures of into `dir`, and returns lines of Markdown that show them.
pub(crate) fn draw(results: &Results, dir: &Path, link: &str) -> Outcome<String> {
    fs::create_dir_all(dir)?;
    let mut shown = String::new();
    for plot in PLOTS {
        let lines: Vec<(&Line, Vec<(f64, f64)>)> = plot
            .lines
            .iter()
            .map(|line| (line, plot.points(line, results)))
            .filter(|(_, points)| points.len() > 1)
            .collect();
        if lines.is_empty() {
            continue;
        }
        plot.draw(&lines, &dir.join(plot.file))?;
        shown.push_str(&format!("![{}]({link}/{})\n\n", plot.title, plot.file));
    }
    Ok(shown)
}

impl Plot {
    /// Returns sizes with their figures, ascending.
    fn points(&self, line: &Line, results: &Results) -> Vec<(f64, f64)> {
        let mut points: Vec<(f64, f64)> = results
            .section(self.section)
            .filter(|row| row.measure == self.measure && row.of == line.of)
            .filter_map(|row| {
                let size = row.work.strip_prefix(line.work.0)?.strip_suffix(line.work.1)?;
                Some((size.parse().ok()?, row.summary.median))
            })
            .filter(|(size, value)| *size > 0.0 && *value > 0.0)
            .collect();
        points.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        points
    }

    fn draw(&self, lines: &[(&Line, Vec<(f64, f64)>)], path: &Path) -> Outcome<()> {
        let points = || lines.iter().flat_map(|(_, points)| points);
        let least = |pick: fn(&(f64, f64)) -> f64| points().map(pick).fold(f64::INFINITY, f64::min);
        let most = |pick: fn(&(f64, f64)) -> f64| points().map(pick).fold(0.0, f64::max);
        let (x, y) = ((least(|at| at.0), most(|at| at.0)), (least(|at| at.1), most(|at| at.1)));
        let root = SVGBackend::new(path, SIZE).into_drawing_area();
        root.fill(&WHITE)?;
        let mut chart = ChartBuilder::on(&root)
            .caption(self.title, ("sans-serif", 18))
            .margin(12)
            .x_label_area_size(42)
            .y_label_area_size(64)
            .build_cartesian_2d((x.0..x.1).log_scale(), (y.0 / 2.0..y.1 * LEGEND_ROOM).log_scale())?;
        chart
            .configure_mesh()
            .x_desc(self.x)
            .y_desc(self.y)
            .x_label_formatter(&|size| label(*size))
            .y_label_formatter(&|value| label(*value))
            .light_line_style(WHITE)
            .draw()?;
        for (number, (line, points)) in lines.iter().enumerate() {
            let color = Palette99::pick(number).to_rgba();
            chart
                .draw_series(LineSeries::new(points.iter().copied(), color.stroke_width(2)).point_size(3))?
                .label(line.label)
                .legend(move |(x, y)| PathElement::new(vec![(x, y), (x + 16, y)], color.stroke_width(2)));
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperLeft)
            .background_style(WHITE.mix(0.8))
            .border_style(BLACK)
            .draw()?;
        root.present()?;
        Ok(())
    }
}

/// Writes a number of an axis: 0.5, 20, 10k, 1M.
fn label(number: f64) -> String {
    match number {
        big if big >= 1e6 => format!("{}M", big / 1e6),
        big if big >= 1e3 => format!("{}k", big / 1e3),
        small => format!("{small}"),
    }
}

const SIZE: (u32, u32) = (720, 480);
/// How far the axis goes beyond the greatest figure, for the legend to stand above the lines.
const LEGEND_ROOM: f64 = 10.0;

const fn line(label: &'static str, before: &'static str, after: &'static str, of: &'static str) -> Line {
    Line { label, work: (before, after), of }
}

const PLOTS: &[Plot] = &[
    Plot {
        file: "cost-by-keys.svg",
        title: "Embedded: cost of one operation against the number of keys",
        x: "keys",
        y: "µs of CPU time",
        section: "scale",
        measure: "CPU, µs",
        lines: &[
            line("put", "put among ", " keys", "jetkv"),
            line("overwrite", "overwrite among ", " keys", "jetkv"),
            line("get", "get among ", " keys", "jetkv"),
            line("scan of 1,000, for each key", "scan of 1,000 among ", " keys", "jetkv"),
            line("count of all", "count of ", " keys", "jetkv"),
            line("LMDB: put", "put among ", " keys", "lmdb"),
            line("LMDB: get", "get among ", " keys", "lmdb"),
        ],
    },
    Plot {
        file: "memory-by-keys.svg",
        title: "Embedded: bytes for each key against the number of keys",
        x: "keys",
        y: "bytes for each key",
        section: "scale",
        measure: "bytes/key",
        lines: &[
            line("index in memory", "index of ", " keys", "jetkv"),
            line("disk", "disk of ", " keys", "jetkv"),
        ],
    },
    Plot {
        file: "rate-by-clients.svg",
        title: "Server: rate against clients, each with one request in flight",
        x: "clients",
        y: "requests/s",
        section: "scale-network",
        measure: "requests/s",
        lines: &[
            line("put, jetkv", "put, ", " clients", "jetkv"),
            line("put, nats-server", "put, ", " clients", "nats-server"),
            line("get, jetkv", "get, ", " clients", "jetkv"),
            line("get, nats-server", "get, ", " clients", "nats-server"),
        ],
    },
    Plot {
        file: "cost-by-value.svg",
        title: "Server: CPU time of a request against the size of the value, 1,000 in flight",
        x: "bytes of value",
        y: "µs of server CPU",
        section: "scale-network",
        measure: "server CPU, µs/request",
        lines: &[
            line("put, jetkv", "put of ", " bytes", "jetkv"),
            line("put, nats-server", "put of ", " bytes", "nats-server"),
            line("get, jetkv", "get of ", " bytes", "jetkv"),
            line("get, nats-server", "get of ", " bytes", "nats-server"),
        ],
    },
    Plot {
        file: "cost-by-watches.svg",
        title: "Server: CPU time of a put against watches that do not match",
        x: "watches",
        y: "µs of server CPU",
        section: "scale-network",
        measure: "server CPU, µs/request",
        lines: &[
            line("jetkv", "put beside ", " watches", "jetkv"),
            line("nats-server", "put beside ", " watches", "nats-server"),
        ],
    },
    Plot {
        file: "cost-by-buckets.svg",
        title: "Server: CPU time of a put against buckets",
        x: "buckets",
        y: "µs of server CPU",
        section: "scale-network",
        measure: "server CPU, µs/request",
        lines: &[
            line("jetkv", "put over ", " buckets", "jetkv"),
            line("nats-server", "put over ", " buckets", "nats-server"),
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Summary;
    use crate::results::Row;

    #[test]
    fn a_picture_shows_what_was_measured_and_nothing_else() {
        let mut results = Results::default();
        let rows = [
            ("put, 1 clients", 10.0),
            ("put, 8 clients", 70.0),
            ("put, x clients", 1.0),
            ("put of 16 bytes", 3.0),
        ];
        let row = |(work, value): (&str, f64)| Row {
            work: work.to_owned(),
            measure: "requests/s".to_owned(),
            of: "jetkv".to_owned(),
            summary: Summary { median: value, min: value, max: value },
        };
        results.replace("scale-network", rows.map(row).to_vec());
        let dir = tempfile::tempdir().unwrap();
        let shown = draw(&results, dir.path(), "benchmarks").unwrap();
        assert_eq!(shown.matches("![").count(), 1, "{shown}");
        assert!(shown.contains("(benchmarks/rate-by-clients.svg)"), "{shown}");
        let svg = fs::read_to_string(dir.path().join("rate-by-clients.svg")).unwrap();
        assert!(svg.contains("put, jetkv") && !svg.contains("nats-server"), "only lines with points");
        assert_eq!([label(500.0), label(1e4), label(1e6)], ["500", "10k", "1M"]);
    }
}
