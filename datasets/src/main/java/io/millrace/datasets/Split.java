package io.millrace.datasets;

import io.millrace.datasets.DatasetException.Code;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * How the rows of a dataset are divided. The same file content and the same spec give the same
 * parts on every machine and in every version:
 *
 * <ol>
 *   <li>Rows are numbered from 0 in file order; rows whose target is missing belong to no part.
 *   <li>Row i gets the key {@code mix(seed * 0x9E3779B97F4A7C15 + i * 0xD1342543DE82EF95 +
 *       0x9E3779B97F4A7C15)} in 64-bit wrapping arithmetic, where mix is the finaliser of
 *       SplitMix64: {@code z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9; z = (z ^ z >>> 27) *
 *       0x94D049BB133111EB; z ^ z >>> 31}.
 *   <li>Rows are grouped by class where {@code stratify} is set and the target is a set of classes,
 *       else they form one group.
 *   <li>In each group, sorted by unsigned key (then row number), the first n*train rows are for
 *       training, the next n*validation for validation, the rest for testing. The three counts are
 *       rounded down and the rows left over go one each to the parts with the largest lost
 *       fractions (train before validation before test on a tie).
 * </ol>
 *
 * @param train share of training rows, above 0
 * @param validation share of validation rows, 0 to 1
 * @param test share of test rows, 0 to 1; the three add up to 1
 * @param stratify whether each class is divided by itself
 * @param seed any number
 */
public record Split(double train, double validation, double test, boolean stratify, long seed) {

  /** 70 % training, 15 % validation, 15 % test, stratified, seed 42. */
  public static final Split DEFAULT = new Split(0.7, 0.15, 0.15, true, 42);

  public Split {
    boolean inRange =
        train > 0 && train <= 1 && validation >= 0 && validation < 1 && test >= 0 && test < 1;
    if (!inRange || Math.abs(train + validation + test - 1) > 1e-9) {
      throw new DatasetException(
          Code.BAD_SPLIT,
          "split shares must be between 0 and 1 and add up to 1, with train above 0: train %s, validation %s, test %s"
              .formatted(train, validation, test));
    }
  }

  /** Assigns each row of the table to a part. */
  public Assignment assign(Table table, String target) {
    int index = table.schema().indexOf(target);
    boolean strata = stratify && table.schema().task(target) == Task.CLASSIFICATION;
    int groups = strata ? table.classes(target).size() : 1;
    int[] codes = strata ? table.classCodes(target) : new int[table.rows()];
    List<List<Integer>> members = new ArrayList<>();
    for (int g = 0; g < groups; g++) {
      members.add(new ArrayList<>());
    }
    for (int row = 0; row < table.rows(); row++) {
      if (codes[row] != Table.MISSING && !table.isMissing(index, row)) {
        members.get(codes[row]).add(row);
      }
    }
    byte[] parts = new byte[table.rows()];
    Arrays.fill(parts, Assignment.NONE);
    for (List<Integer> group : members) {
      group.sort(
          Comparator.<Integer>comparingLong(row -> key(row) + Long.MIN_VALUE)
              .thenComparing(Comparator.naturalOrder()));
      int[] counts = counts(group.size());
      for (int i = 0; i < group.size(); i++) {
        Part part =
            i < counts[0] ? Part.TRAIN : i < counts[0] + counts[1] ? Part.VALIDATION : Part.TEST;
        parts[group.get(i)] = (byte) part.ordinal();
      }
    }
    return new Assignment(parts);
  }

  private long key(long row) {
    long z = seed * 0x9E3779B97F4A7C15L + row * 0xD1342543DE82EF95L + 0x9E3779B97F4A7C15L;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }

  private int[] counts(int n) {
    double[] shares = {train, validation, test};
    int[] counts = new int[3];
    double[] lost = new double[3];
    int given = 0;
    for (int p = 0; p < 3; p++) {
      // A share such as 0.15 of 20 may come out a hair under 3.
      counts[p] = (int) Math.floor(n * shares[p] + 1e-9);
      lost[p] = n * shares[p] - counts[p];
      given += counts[p];
    }
    for (; given < n; given++) {
      int best = 0;
      for (int p = 1; p < 3; p++) {
        if (lost[p] > lost[best] + 1e-9) {
          best = p;
        }
      }
      counts[best]++;
      lost[best] -= 1;
    }
    return counts;
  }

  /** Which part each row belongs to. */
  public static final class Assignment {
    private static final byte NONE = -1;
    private final byte[] parts;

    private Assignment(byte[] parts) {
      this.parts = parts;
    }

    /** The row numbers of a part, ascending in file order. */
    public int[] rows(Part part) {
      int count = 0;
      for (byte p : parts) {
        count += p == part.ordinal() ? 1 : 0;
      }
      int[] rows = new int[count];
      int at = 0;
      for (int row = 0; row < parts.length; row++) {
        if (parts[row] == part.ordinal()) {
          rows[at++] = row;
        }
      }
      return rows;
    }
  }
}
