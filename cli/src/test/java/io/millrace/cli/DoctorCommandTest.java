package io.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.cli.DoctorCommand.Verdict;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DoctorCommandTest {

  @ParameterizedTest
  @CsvSource({
    "21.0.9, FAIL, Install a JDK 25",
    "25, WARN, use 25.0.3",
    "25.0.2+10, WARN, use 25.0.3",
    "25.0.3+9-LTS, OK, ''",
    "25.0.4, OK, ''",
    "26, WARN, 26.0.1",
    "26.0.1, OK, ''",
    "27-ea, OK, ''",
  })
  void tellsWhichJdksServicesCanRunIn(String jdk, Verdict verdict, String advice) {
    var finding = DoctorCommand.jdk(Runtime.Version.parse(jdk));
    assertThat(finding.verdict()).isEqualTo(verdict);
    assertThat(finding.what()).startsWith("JDK " + jdk);
    assertThat(finding.advice()).contains(advice);
  }
}
