"""What `kolco doctor` looks at, one module a subject. Each check looks and reports; none repairs."""
