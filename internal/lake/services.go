package lake

import "fmt"

// NoServicesError says that an environment needs services of AWS that the program was not built with: a library
// links none that it is not given.
type NoServicesError struct{ Environment, Need string }

// Error implements error.
func (e *NoServicesError) Error() string {
	return fmt.Sprintf("environment %s: %s: this program was not given the services of AWS", e.Environment, e.Need)
}

// Hint says what to import, and where it goes.
func (*NoServicesError) Hint() string {
	return `import "github.com/petalake/petalake/aws", and open the lakehouse with petalake.Options{AWS: aws.Services()}`
}

// NoServices is the error for something that needs services of AWS that were not given.
func (e *Env) NoServices(need string) *NoServicesError {
	return &NoServicesError{e.Environment.Name, need}
}
