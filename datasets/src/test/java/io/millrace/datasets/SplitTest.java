package io.millrace.datasets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/**
 * The expected parts come from a second program written from the Javadoc of {@link Split} alone.
 */
class SplitTest {
  private final Table table = Csv.read(Path.of("../samples/breast-cancer.csv"));

  @Test
  void stratifiedSplitOfSampleIsPinned() throws Exception {
    String parts = letters(Split.DEFAULT.assign(table, "diagnosis"));
    assertThat(parts).startsWith("TTTTTTVTTTTTTTTTTEVTTTTVTTVTTEETVEETTTTTTVTTTETTTVTTTTVTTTTV");
    assertThat(sha256(parts))
        .isEqualTo("3510a3ca22282fa8f7635907047890c441cfc6113da0d043eb24db183a5c41a7");
  }

  @Test
  void plainSplitOfSampleIsPinned() throws Exception {
    String parts = letters(new Split(0.7, 0.15, 0.15, false, -7).assign(table, "diagnosis"));
    assertThat(parts).startsWith("TVTTEVVEVTTTETTTTTTETTVTTVTTEEEEVTTTTTTTETTTTETTTEVTVTTTTVTT");
    assertThat(sha256(parts))
        .isEqualTo("2ad8c053571a81d40650f9d78639f0086d148f190c949fded3f19372c6c74712");
  }

  @Test
  void stratifiedPartsKeepClassShares() {
    Split.Assignment parts = Split.DEFAULT.assign(table, "diagnosis");
    int[] codes = table.classCodes("diagnosis");
    for (Part part : Part.values()) {
      int[] rows = parts.rows(part);
      double malignant =
          Arrays.stream(rows).filter(r -> codes[r] == 1).count() / (double) rows.length;
      assertThat(malignant).isBetween(0.36, 0.385);
    }
    assertThat(parts.rows(Part.TRAIN)).isSorted().hasSizeBetween(397, 399);
  }

  @Test
  void everythingForTrainingLeavesOthersEmpty() {
    Split.Assignment parts = new Split(1, 0, 0, true, 1).assign(table, "diagnosis");
    assertThat(parts.rows(Part.TRAIN)).hasSize(569);
    assertThat(parts.rows(Part.TEST)).isEmpty();
  }

  @Test
  void refusesSharesThatDoNotAddUp() {
    assertThatThrownBy(() -> new Split(0.7, 0.2, 0.2, true, 1)).hasMessageContaining("add up to 1");
    assertThatThrownBy(() -> new Split(0, 0.5, 0.5, true, 1)).hasMessageContaining("train above 0");
  }

  private String letters(Split.Assignment parts) {
    char[] letters = new char[table.rows()];
    Arrays.stream(parts.rows(Part.TRAIN)).forEach(r -> letters[r] = 'T');
    Arrays.stream(parts.rows(Part.VALIDATION)).forEach(r -> letters[r] = 'V');
    Arrays.stream(parts.rows(Part.TEST)).forEach(r -> letters[r] = 'E');
    return new String(letters);
  }

  private static String sha256(String text) throws Exception {
    return HexFormat.of()
        .formatHex(
            MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.US_ASCII)));
  }
}
