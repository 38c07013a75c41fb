package io.millrace.datasets;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.millrace.datasets.DatasetException.Code;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The reference profile of a model: what its inputs and outputs looked like when it was trained.
 * Monitoring counts later observations over the same bins and values and compares.
 *
 * <p>JSON form, version 1 ({@code null} parts are left out; readers ignore names they do not know):
 *
 * <pre>{@code
 * {"format": "millrace-profile", "version": 1, "rows": 398,
 *  "features": [
 *    {"type": "numeric", "name": "mean_radius", "count": 398, "missing": 0, "infinite": 0,
 *     "mean": 14.1, "std": 3.5, "min": 6.9, "max": 28.1, "edges": [...], "counts": [...]},
 *    {"type": "categorical", "name": "contract", "count": 390, "missing": 8,
 *     "values": {"Month-to-month": 200, ...}, "other": 0}],
 *  "target": {...}, "prediction": {...}, "score": {...}}
 * }</pre>
 *
 * @param format always {@code millrace-profile}
 * @param version of this form, 1
 * @param rows the training rows the feature profiles count
 * @param features one per feature of the model, in its order, over the training rows
 * @param target the true target over the training rows
 * @param prediction what the model answers on the validation rows (training rows would look too
 *     good): a categorical profile of labels, or a numeric one for regression
 * @param score for classification, over the validation rows: with two classes the probability of
 *     the second, with more the probability of the predicted one; absent for regression
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Profile(
    String format,
    int version,
    long rows,
    List<ColumnProfile> features,
    @Nullable ColumnProfile target,
    @Nullable ColumnProfile prediction,
    @Nullable ColumnProfile score) {

  /** The only value of {@link #format()}. */
  public static final String FORMAT = "millrace-profile";

  /** The newest version of the form. */
  public static final int VERSION = 1;

  public Profile {
    features = List.copyOf(features);
  }

  /** Profiles the features and the target over the given rows, without model outputs. */
  public static Profile of(Table table, List<Column> features, String target, int[] rows) {
    List<ColumnProfile> profiles = new ArrayList<>();
    features.forEach(column -> profiles.add(of(table, column, rows)));
    ColumnProfile truth =
        table.schema().task(target) == Task.CLASSIFICATION
            ? classes(table, target, rows)
            : of(table, table.schema().column(target), rows);
    return new Profile(FORMAT, VERSION, rows.length, profiles, truth, null, null);
  }

  /** The same with the profiles of the model's outputs. */
  public Profile withOutputs(ColumnProfile predictions, @Nullable ColumnProfile scores) {
    return new Profile(format, version, rows, features, target, predictions, scores);
  }

  /** The profile of a feature. */
  public Optional<ColumnProfile> feature(String name) {
    return features.stream().filter(f -> f.name().equals(name)).findFirst();
  }

  /**
   * The sum of two profiles over the same bins and values.
   *
   * @throws IllegalArgumentException naming the column in which they differ
   */
  public static Profile merge(Profile a, Profile b) {
    if (a.features.size() != b.features.size()) {
      throw new IllegalArgumentException(
          "profiles of %d and %d features cannot be added"
              .formatted(a.features.size(), b.features.size()));
    }
    List<ColumnProfile> sums = new ArrayList<>();
    for (int i = 0; i < a.features.size(); i++) {
      sums.add(ColumnProfile.merge(a.features.get(i), b.features.get(i)));
    }
    return new Profile(
        FORMAT,
        VERSION,
        a.rows + b.rows,
        sums,
        sum(a.target, b.target),
        sum(a.prediction, b.prediction),
        sum(a.score, b.score));
  }

  public String toJson() {
    return Json.write(this);
  }

  /**
   * @throws DatasetException {@code BAD_JSON}, also for a newer version of the form
   */
  public static Profile fromJson(String json) {
    Profile profile = Json.read(json, Profile.class, "profile");
    if (!FORMAT.equals(profile.format) || profile.version != VERSION) {
      throw new DatasetException(
          Code.BAD_JSON,
          "a profile document of format '%s' version %d; this program reads %s version %d"
              .formatted(profile.format, profile.version, FORMAT, VERSION));
    }
    return profile;
  }

  private static ColumnProfile of(Table table, Column column, int[] rows) {
    int index = table.schema().indexOf(column.name());
    if (column.kind().isNumber()) {
      double[] values = Arrays.stream(rows).mapToDouble(row -> table.value(index, row)).toArray();
      return NumericProfile.of(column.name(), values);
    }
    return CategoricalProfile.of(
        column.name(), texts(column.categories(), table.codes(index), rows));
  }

  private static ColumnProfile classes(Table table, String target, int[] rows) {
    return CategoricalProfile.of(
        target, texts(table.classes(target), table.classCodes(target), rows));
  }

  private static List<@Nullable String> texts(List<String> categories, int[] codes, int[] rows) {
    List<@Nullable String> texts = new ArrayList<>(rows.length);
    for (int row : rows) {
      texts.add(codes[row] == Table.MISSING ? null : categories.get(codes[row]));
    }
    return texts;
  }

  private static @Nullable ColumnProfile sum(@Nullable ColumnProfile a, @Nullable ColumnProfile b) {
    return a == null || b == null ? null : ColumnProfile.merge(a, b);
  }
}
