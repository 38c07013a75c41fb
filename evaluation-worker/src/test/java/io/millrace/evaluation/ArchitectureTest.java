package io.millrace.evaluation;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(
    packages = "io.millrace.evaluation",
    importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

  @ArchTest
  static final ArchRule FEATURES_HAVE_NO_CYCLES =
      slices()
          .matching("io.millrace.evaluation.(*)..")
          .should()
          .beFreeOfCycles()
          .because("a feature that is read alone must not lead back to where it was used from");

  @ArchTest
  static final ArchRule EVENTS_STOP_AT_THE_EDGE =
      noClasses()
          .that()
          .haveSimpleNameNotEndingWith("Listener")
          .and()
          .haveSimpleNameNotEndingWith("Events")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.millrace.events..")
          .because("a change of a schema must not reach what scores and decides");

  @ArchTest
  static final ArchRule NUMBERS_KNOW_NOTHING_ELSE =
      noClasses()
          .that()
          .resideInAnyPackage("..intervals..", "..gates..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "org.springframework..",
              "io.millrace.database..",
              "io.millrace.messaging..",
              "io.millrace.modelpackage..",
              "ai.onnxruntime..")
          .because(
              "intervals and gates are checked against numbers, not against a running platform");

  @ArchTest
  static final ArchRule SCORING_TOUCHES_NO_DATABASE =
      noClasses()
          .that()
          .haveSimpleNameStartingWith("Evaluator")
          .or()
          .haveSimpleName("TestRows")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.millrace.database..")
          .because("a job that takes minutes must not hold a connection");
}
