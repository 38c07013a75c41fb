package io.millrace.deployment;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(
    packages = "io.millrace.deployment",
    importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

  @ArchTest
  static final ArchRule FEATURES_HAVE_NO_CYCLES =
      slices()
          .matching("io.millrace.deployment.(*)..")
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
          .because("a change of a schema must not reach what decides");

  @ArchTest
  static final ArchRule DECISIONS_KNOW_NO_DATABASE =
      noClasses()
          .that()
          .haveSimpleName("Promotion")
          .or()
          .haveSimpleName("Approval")
          .or()
          .haveSimpleName("Deployment")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "io.millrace.database..", "io.millrace.messaging..", "org.springframework..")
          .because("what decides is tested without a broker or a database");

  @ArchTest
  static final ArchRule CONTROLLERS_ARE_NOBODYS_BUSINESS =
      classes()
          .that()
          .haveSimpleNameEndingWith("Controller")
          .or()
          .haveSimpleNameEndingWith("Listener")
          .should()
          .bePackagePrivate()
          .because("HTTP and Kafka come in through them, other features do not");
}
