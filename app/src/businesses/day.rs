//! A picture of the day: when reminders may go out.

use leptos::prelude::*;

const DAY: u32 = 24 * 60;

/// Minutes after midnight of a time like `21:00`.
fn minutes(time: &str) -> Option<u32> {
    let (hours, minutes) = time.trim().split_once(':')?;
    let at = hours.parse::<u32>().ok()? * 60 + minutes.parse::<u32>().ok()?;
    (at < DAY).then_some(at)
}

/// What of the day is quiet, each as a beginning and a length; over midnight it is two pieces.
fn quiet(from: u32, until: u32) -> Vec<(u32, u32)> {
    match from.cmp(&until) {
        std::cmp::Ordering::Equal => Vec::new(),
        std::cmp::Ordering::Less => vec![(from, until - from)],
        std::cmp::Ordering::Greater => vec![(0, until), (from, DAY - from)],
    }
}

/// A bar of 24 hours. What is quiet is hatched as well, for who sees no colours.
#[component]
pub fn DayPicture(from: String, until: String) -> impl IntoView {
    let pieces = minutes(&from)
        .zip(minutes(&until))
        .map(|(from, until)| quiet(from, until))
        .unwrap_or_default();
    let words = if pieces.is_empty() {
        "Reminders go out at any time of day.".to_owned()
    } else {
        format!("Reminders go out from {until} to {from}; no reminders from {from} to {until}.")
    };
    let night = pieces
        .into_iter()
        .map(|(x, width)| {
            view! {
                <rect x=x y="0" width=width height="120" class="fill-base-300" />
                <rect x=x y="0" width=width height="120" fill="url(#quiet-lines)" />
            }
        })
        .collect_view();
    let hours = (0..=24)
        .step_by(6)
        .map(|hour| {
            let anchor = match hour {
                0 => "start",
                24 => "end",
                _ => "middle",
            };
            view! {
                <text x=hour * 60 y="190" text-anchor=anchor class="fill-current text-[52px] lg:text-[34px]">
                    {format!("{hour}:00")}
                </text>
            }
        })
        .collect_view();
    view! {
        <figure>
            <svg viewBox="0 0 1440 200" class="h-auto w-full text-muted" role="img" aria-label=words.clone()>
                <defs>
                    <pattern id="quiet-lines" width="24" height="24" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
                        <line x1="0" y1="0" x2="0" y2="24" stroke="currentColor" stroke-width="3" opacity="0.45" />
                    </pattern>
                </defs>
                <rect x="0" y="0" width="1440" height="120" class="fill-success/30" />
                {night}
                <rect x="1" y="1" width="1438" height="118" fill="none" stroke="currentColor" stroke-width="2" />
                {hours}
            </svg>
            <figcaption class="text-sm text-muted">{words}</figcaption>
        </figure>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_night_is_two_pieces_of_the_day_and_a_noon_one() {
        assert_eq!(quiet(21 * 60, 8 * 60), [(0, 480), (1260, 180)]);
        assert_eq!(quiet(12 * 60, 13 * 60), [(720, 60)]);
        assert_eq!(quiet(600, 600), []);
        for (from, until) in [(0, 1439), (1439, 0), (1260, 480)] {
            assert!(quiet(from, until).iter().all(|(x, width)| x + width <= DAY));
        }
    }

    #[test]
    fn a_time_is_read_as_it_is_shown() {
        assert_eq!((minutes("21:00"), minutes("08:05")), (Some(1260), Some(485)));
        for odd in ["", "9", "24:00", "x:00", "9:xx"] {
            assert_eq!(minutes(odd), None, "{odd}");
        }
    }
}
