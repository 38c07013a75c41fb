package io.millrace.trainers;

import io.millrace.datasets.NearestName;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The parameters of a trainer: each is read once with its default and range, and what was not read
 * is unknown. Faults are gathered, so that one answer names them all.
 */
public final class Params {
  private final String trainer;
  private final Map<String, Object> given;
  private final Map<String, Object> effective = new LinkedHashMap<>();
  private final List<String> faults = new ArrayList<>();

  public Params(String trainer, Map<String, Object> given) {
    this.trainer = trainer;
    this.given = given;
  }

  /** A whole number from {@code min} to {@code max}. */
  public int integer(String name, int standard, int min, int max) {
    double value = number(name, standard);
    if (value != Math.rint(value) || value < min || value > max) {
      faults.add(
          "'%s' must be a whole number from %d to %d, not %s"
              .formatted(name, min, max, given.get(name)));
      return standard;
    }
    effective.put(name, (int) value);
    return (int) value;
  }

  /** A number from {@code min} to {@code max}, {@code min} itself excluded where {@code open}. */
  public double decimal(String name, double standard, double min, double max, boolean open) {
    double value = number(name, standard);
    if (!(value >= min && value <= max) || (open && value == min)) {
      faults.add(
          "'%s' must be %s %s and at most %s, not %s"
              .formatted(name, open ? "above" : "at least", min, max, given.get(name)));
      return standard;
    }
    effective.put(name, value);
    return value;
  }

  /** A list of whole numbers, also accepted as one number or as text with commas. */
  public List<Integer> integers(String name, List<Integer> standard, int min, int max, int most) {
    Object value = given.get(name);
    List<Integer> numbers = new ArrayList<>();
    if (value == null) {
      numbers.addAll(standard);
    } else {
      List<?> parts =
          value instanceof List<?> list
              ? list
              : List.of(value.toString().replace("[", "").replace("]", "").split(","));
      for (Object part : parts) {
        double number = parse(part);
        if (number != Math.rint(number) || number < min || number > max) {
          numbers.clear();
          break;
        }
        numbers.add((int) number);
      }
      if (numbers.isEmpty() || numbers.size() > most) {
        faults.add(
            "'%s' must be 1 to %d whole numbers from %d to %d, not %s"
                .formatted(name, most, min, max, value));
        return standard;
      }
    }
    effective.put(name, List.copyOf(numbers));
    return numbers;
  }

  /**
   * Ends the reading.
   *
   * @return every parameter with the value that is used
   * @throws RunFailure naming every fault, and for an unknown name the nearest known one
   */
  public Map<String, Object> checked() {
    List<String> all = new ArrayList<>(faults);
    List<String> known = new ArrayList<>(effective.keySet());
    for (String name : given.keySet()) {
      boolean faulty = faults.stream().anyMatch(f -> f.startsWith("'" + name + "'"));
      if (!effective.containsKey(name) && !faulty) {
        all.add(
            "unknown parameter '%s'%s"
                .formatted(
                    name,
                    NearestName.of(name, known)
                        .map(n -> ", did you mean '" + n + "'?")
                        .orElse("; known are " + String.join(", ", known))));
      }
    }
    if (!all.isEmpty()) {
      throw RunFailure.invalidJob(trainer + ": " + String.join("; ", all));
    }
    return effective;
  }

  private double number(String name, double standard) {
    Object value = given.get(name);
    return value == null ? standard : parse(value);
  }

  private static double parse(@Nullable Object value) {
    if (value instanceof Number number) {
      return number.doubleValue();
    }
    try {
      return Double.parseDouble(String.valueOf(value).strip());
    } catch (NumberFormatException e) {
      return Double.NaN;
    }
  }
}
