package io.millrace.monitoring;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(
    packages = "io.millrace.monitoring",
    importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

  @ArchTest
  static final ArchRule featuresAreFreeOfCycles =
      slices()
          .matching("io.millrace.monitoring.(*)..")
          .should()
          .beFreeOfCycles()
          .because(
              "what is watched must be known without the windows, and statistics without either");

  @ArchTest
  static final ArchRule statisticsArePure =
      noClasses()
          .that()
          .resideInAPackage("..statistics..")
          .should()
          .dependOnClassesThat()
          .resideOutsideOfPackages("..statistics..", "java..", "smile.math..", "org.jspecify..")
          .because("a formula is checked against published numbers, not against a service");

  @ArchTest
  static final ArchRule smileStaysInStatistics =
      noClasses()
          .that()
          .resideOutsideOfPackage("..statistics..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("smile..")
          .because("a library of formulas is to be replaceable in one place");

  @ArchTest
  static final ArchRule eventsStopAtTheirDoors =
      noClasses()
          .that()
          .haveNameNotMatching(
              ".*\\.(DriftEvents|DesiredStateListener|PredictionConsumers|Counting|Watches)(\\$.*)?")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.millrace.events..")
          .because("generated classes change with the schemas; layouts and verdicts must not");
}
