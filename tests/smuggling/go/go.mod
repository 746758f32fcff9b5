module proa.test/view

go 1.22
