//! Fine lines of a blank: waves and rosettes, as paths.

use std::fmt::Write;

/// Bands of waves that fill a rectangle: each line a sum of two sines, its phase moving from line to line.
pub(crate) fn waves(x: f32, y: f32, width: f32, height: f32, lines: u32, amplitude: f32) -> String {
    const STEP_MM: f32 = 0.6;
    const LINES_MAX: u32 = 200;
    let lines = lines.clamp(1, LINES_MAX);
    let mut path = String::new();
    for line in 0..lines {
        let t = line as f32 / lines as f32;
        let base = y + height * t;
        let steps = (width / STEP_MM).ceil().clamp(1.0, 1_000.0) as u32;
        for step in 0..=steps {
            let along = width * step as f32 / steps as f32;
            let slow = (along / width * 6.4 + t * 5.2).sin();
            let fast = (along / width * 17.0 - t * 9.0).sin();
            let offset = amplitude * (0.7 * slow + 0.3 * fast);
            let command = if step == 0 { 'M' } else { 'L' };
            let _ = write!(path, "{command}{:.2} {:.2}", x + along, base + offset);
        }
    }
    path
}

/// A rosette: a closed curve whose radius swings `petals` times, drawn `turns` times with a growing phase.
pub(crate) fn rosette(x: f32, y: f32, radius: f32, petals: u32, turns: u32) -> String {
    const STEPS: u32 = 240;
    const TURNS_MAX: u32 = 60;
    let turns = turns.clamp(1, TURNS_MAX);
    let mut path = String::new();
    for turn in 0..turns {
        let phase = std::f32::consts::TAU * turn as f32 / turns as f32;
        for step in 0..=STEPS {
            let angle = std::f32::consts::TAU * step as f32 / STEPS as f32;
            let swing = (petals as f32 * angle + phase).sin();
            let reach = radius * (0.68 + 0.32 * swing);
            let command = if step == 0 { 'M' } else { 'L' };
            let (px, py) = (x + reach * angle.cos(), y + reach * angle.sin());
            let _ = write!(path, "{command}{px:.2} {py:.2}");
        }
        path.push('Z');
    }
    path
}
